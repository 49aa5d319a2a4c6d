//! Names of cookies of products that people run. The policy must recognise session and login cookies, and must not take
//! other cookies for session cookies. Each name comes with the product and with the source of the name: a file of the
//! product's source code, or a page of its documentation.

use std::collections::BTreeSet;

use hardtack::Policy;
use hardtack::policy::UndeclaredCookies;
use hardtack::tls::Transport;
use hardtack_rules::session_names::{NameKind, is_session_like, kind, kind_by_words};

use super::send_cookies;

/// A cookie's name, the product, and the source of the name.
type Product = (&'static str, &'static str, &'static str);

/// Cookies that sign a browser in: whoever has the value is signed in, or gets further in a sign-in.
const SESSIONS: &[Product] = &[
    // Identity products.
    ("ESTSAUTH", "Microsoft Entra ID", ENTRA),
    ("ESTSAUTHPERSISTENT", "Microsoft Entra ID", ENTRA),
    (
        "x-ms-cpim-sso:shop.onmicrosoft.com_0",
        "Azure AD B2C",
        "learn.microsoft.com: Cookies definitions for Azure AD B2C",
    ),
    ("MSISAuth", "AD FS", "learn.microsoft.com: AD FS Troubleshooting, Fiddler, WS-Federation"),
    ("FedAuth", "Windows Identity Foundation", "learn.microsoft.com: CookieHandler.Name"),
    ("rtFa", "SharePoint Online", "learn.microsoft.com: SharePoint authentication and session cookies"),
    ("LtpaToken2", "WebSphere Liberty", "openliberty.io: webAppSecurity, ssoCookieName"),
    ("KEYCLOAK_IDENTITY", "Keycloak", KEYCLOAK),
    ("AUTH_SESSION_ID", "Keycloak", KEYCLOAK),
    ("SimpleSAML", "SimpleSAMLphp", SIMPLE_SAML),
    ("SimpleSAMLSessionID", "SimpleSAMLphp", SIMPLE_SAML),
    ("SimpleSAMLAuthToken", "SimpleSAMLphp", SIMPLE_SAML),
    ("_oauth2_proxy", "OAuth2 Proxy", "oauth2-proxy.github.io: configuration, cookie-name"),
    ("_forward_auth", "traefik-forward-auth", "thomseddon/traefik-forward-auth: README.md, cookie-name"),
    ("authelia_session", "Authelia", "authelia.com: configuration, session"),
    ("argocd.token", "Argo CD", "argoproj/argo-cd: common/common.go"),
    ("authentik_session", "authentik", "goauthentik/authentik: authentik/root/settings.py"),
    ("authentik_proxy_4f1a2b3c", "authentik", "goauthentik/authentik: internal/outpost/proxyv2/application"),
    ("_pomerium", "Pomerium", "pomerium.com: reference, cookies"),
    ("VouchCookie", "Vouch Proxy", "vouch/vouch-proxy: config/config.yml_example"),
    ("iPlanetDirectoryPro", "OpenAM", "OpenIdentityPlatform/OpenAM: com.iplanet.am.cookie.name"),
    ("CASTGC", "Apereo CAS 4", "apereo/cas: tgc.name"),
    ("TGC", "Apereo CAS 5", "apereo.github.io/cas: cas.tgc.name"),
    ("_shibsession_64656661756c74", "Shibboleth SP", "Shibboleth SP 3 documentation: Sessions"),
    ("shib_idp_session", "Shibboleth IdP", "Shibboleth IdP 4 documentation: idp.session.cookieName"),
    ("mod_auth_openidc_session", "mod_auth_openidc", "OpenIDC/mod_auth_openidc: auth_openidc.conf, OIDCCookie"),
    ("mellon-cookie", "mod_auth_mellon", "latchset/mod_auth_mellon: README.md, MellonVariable"),
    ("MYSAPSSO2", "SAP NetWeaver", "help.sap.com: logon tickets"),
    ("SAP_SESSIONID_PRD_100", "SAP NetWeaver", "help.sap.com: security session cookies"),
    ("OAMAuthnCookie_shop.example:443", "Oracle Access Manager", "docs.oracle.com: Access Manager, SSO cookies"),
    ("SMSESSION", "SiteMinder", "techdocs.broadcom.com: SiteMinder, session cookies"),
    ("PF", "PingFederate", "docs.pingidentity.com: PingFederate cookies"),
    ("PA.shop", "PingAccess", "docs.pingidentity.com: PingAccess cookies"),
    ("lemonldap", "LemonLDAP::NG", "lemonldap-ng.org: SSO cookie"),
    ("idsrv.session", "Duende IdentityServer", "docs.duendesoftware.com: IdentityServerConstants"),
    ("CF_Authorization", "Cloudflare Access", "developers.cloudflare.com: authorization cookie"),
    ("AWSELBAuthSessionCookie-0", "AWS Application Load Balancer", "docs.aws.amazon.com: authenticate users"),
    ("ory_kratos_session", "Ory Kratos", "ory.sh: session cookies"),
    ("fusionauth.at", "FusionAuth", "fusionauth.io: reference, cookies"),
    ("fusionauth.sso", "FusionAuth", "fusionauth.io: reference, cookies"),
    ("casdoor_session_id", "Casdoor", "casdoor/casdoor: main.go"),
    // Forges and trackers.
    ("_gitlab_session", "GitLab", "gitlab-org/gitlab: config/initializers/session_store.rb"),
    ("remember_user_token", "GitLab, Devise", "heartcombo/devise: lib/devise/controllers/rememberable.rb"),
    ("i_like_gitea", "Gitea", "go-gitea/gitea: modules/setting/session.go"),
    ("gitea_incredible", "Gitea", "go-gitea/gitea: custom/conf/app.example.ini, COOKIE_REMEMBER_NAME"),
    ("i_like_gogs", "Gogs", "gogs/gogs: conf/app.ini"),
    ("GerritAccount", "Gerrit", "GerritCodeReview/gerrit: CacheBasedWebSession.java"),
    ("BITBUCKETSESSIONID", "Bitbucket", "support.atlassian.com: Bitbucket Data Center, cookies"),
    ("seraph.rememberme.cookie", "Jira", "developer.atlassian.com: Seraph, login.cookie.key"),
    ("_redmine_session", "Redmine", "redmine/redmine: config/application.rb"),
    ("Bugzilla_logincookie", "Bugzilla", "bugzilla/bugzilla: Bugzilla/Auth/Persist/Cookie.pm"),
    ("trac_auth", "Trac", "edgewall/trac: trac/web/auth.py"),
    ("phsid", "Phabricator", "phacility/phabricator: PhabricatorCookies.php"),
    ("kallithea", "Kallithea", "kallithea: template.ini.mako, session.key"),
    ("fossil-1a2b3c4d5e6f7081", "Fossil", "fossil-scm.org: src/login.c"),
    // Content management, shops and forums.
    ("wordpress_logged_in_0123456789abcdef0123456789abcdef", "WordPress", WORDPRESS),
    ("wordpress_sec_0123456789abcdef0123456789abcdef", "WordPress", WORDPRESS),
    ("wordpress_0123456789abcdef0123456789abcdef", "WordPress", WORDPRESS),
    (
        "SSESS49960de5880e8c687434170f6476605b",
        "Drupal",
        "drupal/core: lib/Drupal/Core/Session/SessionConfiguration.php",
    ),
    ("0123456789abcdef0123456789abcdef", "Joomla", "docs.joomla.org: session cookie"),
    ("fe_typo_user", "TYPO3", "docs.typo3.org: cookieName of the frontend user"),
    ("be_typo_user", "TYPO3", "docs.typo3.org: cookieName of the backend user"),
    ("ghost-admin-api-session", "Ghost", "TryGhost/Ghost: services/auth/session/express-session.js"),
    ("ghost-members-ssr", "Ghost", "TryGhost/Ghost: members-ssr"),
    ("UMB_UCONTEXT", "Umbraco", "docs.umbraco.com: security settings, AuthCookieName"),
    ("PrestaShop-0123456789abcdef0123456789abcdef", "PrestaShop", "PrestaShop/PrestaShop: classes/Cookie.php"),
    ("admin", "Magento 2", "magento/magento2: app/code/Magento/Backend/Model/Session/AdminConfig.php"),
    ("OCSESSID", "OpenCart", "opencart/opencart: system/config/default.php"),
    ("wp_woocommerce_session_0123456789abcdef", "WooCommerce", "woocommerce: class-wc-session-handler.php"),
    ("grav-site-1a2b3c4", "Grav", "getgrav/grav: system/config/system.yaml, session.name"),
    ("wire", "ProcessWire", "processwire/processwire: wire/config.php, sessionName"),
    ("_t", "Discourse", "discourse/discourse: lib/auth/default_current_user_provider.rb"),
    ("xf_user", "XenForo", "xenforo.com: cookie usage"),
    ("mybbuser", "MyBB", "mybb/mybb: inc/functions.php"),
    ("SMFCookie123", "Simple Machines Forum", "SimpleMachines/SMF: Settings.php"),
    ("phpbb3_ab12c_sid", "phpBB", "phpbb/phpbb: phpbb/session.php"),
    ("phpbb3_ab12c_k", "phpBB", "phpbb/phpbb: phpbb/session.php"),
    ("pun_cookie_3b46c1", "FluxBB", "fluxbb/fluxbb: install.php"),
    ("DW0123456789abcdef0123456789abcdef", "DokuWiki", "dokuwiki/dokuwiki: inc/init.php, DOKU_COOKIE"),
    ("enwikiSession", "MediaWiki", "wikimedia/mediawiki: CookieSessionProvider.php"),
    ("oc8xkqv2m1zp", "Nextcloud", "docs.nextcloud.com: instanceid"),
    ("nc_token", "Nextcloud", "nextcloud/server: lib/private/User/Session.php"),
    ("roundcube_sessauth", "Roundcube", "roundcube/roundcubemail: program/lib/Roundcube/rcube_session.php"),
    ("ZM_AUTH_TOKEN", "Zimbra", "Zimbra/zm-mailbox: ZimbraCookie.java"),
    ("0xHIGHFLYxSOGo", "SOGo", "Alinto/sogo: SoObjects/SOGo/SOGoWebAuthenticator.m"),
    // Learning platforms.
    ("MoodleSession", "Moodle", "docs.moodle.org: cookies"),
    ("canvas_session", "Canvas", "instructure/canvas-lms: config/session_store.yml.example"),
    ("SAKAIID", "Sakai", "sakaiproject/sakai: RequestFilter.java"),
    ("BbRouter", "Blackboard Learn", "help.blackboard.com: cookie disclosure"),
    ("d2lSecureSessionVal", "Brightspace", "community.d2l.com: cookies"),
    // Operations and network devices.
    ("grafana_session", "Grafana", "grafana/grafana: conf/defaults.ini, login_cookie_name"),
    ("R_SESS", "Rancher", "rancher/rancher: pkg/auth/tokens"),
    ("portainer_api_key", "Portainer", "portainer/portainer: api/http/security/bouncer.go"),
    ("PVEAuthCookie", "Proxmox VE", "pve.proxmox.com: Proxmox VE API, ticket"),
    ("zbx_session", "Zabbix", "zabbix/zabbix: ui/include/defines.inc.php"),
    ("splunkd_8089", "Splunk", "docs.splunk.com: web.conf"),
    ("pga4_session", "pgAdmin", "pgadmin-org/pgadmin4: web/config.py, SESSION_COOKIE_NAME"),
    ("metabase.SESSION", "Metabase", "metabase/metabase: request/session.clj"),
    ("phpMyAdmin", "phpMyAdmin", "phpmyadmin/phpmyadmin: Session.php"),
    ("unifises", "UniFi Network", "ubntwiki.com: UniFi controller API"),
    ("SVPNCOOKIE", "FortiGate", "adrienverge/openfortivpn: src/http.c"),
    ("webvpn", "Cisco AnyConnect", "openconnect/openconnect: auth.c"),
    ("DSID", "Ivanti Connect Secure", "openconnect/openconnect: auth-juniper.c"),
    ("NSC_AAAC", "NetScaler Gateway", "docs.netscaler.com: cookies"),
    ("JWT-SESSION", "SonarQube", "SonarSource/sonarqube: JwtHttpHandler.java"),
    ("NXSESSIONID", "Sonatype Nexus", "sonatype/nexus-public: SessionServlet"),
    ("MMAUTHTOKEN", "Mattermost", "mattermost/mattermost: server/public/model/session.go"),
    ("username-localhost-8888", "Jupyter", "jupyter-server/jupyter_server: auth/identity.py"),
    // Web frameworks.
    ("PHPSESSID", "PHP", "php.net: session.name"),
    ("JSESSIONID", "Jakarta Servlet", "Jakarta Servlet 6.0, 7.1.1"),
    ("ASP.NET_SessionId", "ASP.NET", "learn.microsoft.com: SessionStateSection.CookieName"),
    (".ASPXAUTH", "ASP.NET", "learn.microsoft.com: forms element for authentication"),
    (".AspNetCore.Identity.Application", "ASP.NET Core", "dotnet/aspnetcore: IdentityConstants.cs"),
    ("connect.sid", "Express", "expressjs/session: README.md"),
    ("koa.sess", "Koa", "koajs/session: README.md"),
    ("laravel_session", "Laravel", "laravel/laravel: config/session.php"),
    ("remember_web_59ba36addc2b2f9401580f014c7f58ea4e30989d", "Laravel", "laravel/framework: SessionGuard.php"),
    ("REMEMBERME", "Symfony", "symfony.com: remember_me"),
    ("ci_session", "CodeIgniter", "codeigniter.com: sessions"),
    ("CAKEPHP", "CakePHP", "book.cakephp.org: sessions"),
    ("sessionid", "Django", "docs.djangoproject.com: SESSION_COOKIE_NAME"),
    ("PLAY_SESSION", "Play", "playframework.com: play.http.session.cookieName"),
    ("_shop_key", "Phoenix", "phoenixframework/phoenix: installer templates, endpoint.ex"),
    ("CFID", "ColdFusion", "helpx.adobe.com: ColdFusion client cookies"),
    ("mojolicious", "Mojolicious", "docs.mojolicious.org: Mojolicious::Sessions"),
    ("beaker.session.id", "Beaker", "beaker.readthedocs.io: session.key"),
    ("next-auth.session-token", "NextAuth.js", "next-auth.js.org: cookies"),
    ("sb-abcdefgh-auth-token", "Supabase", "supabase/ssr: cookies"),
    ("id", "tower-sessions", "docs.rs/tower-sessions: SessionManagerLayer::with_name"),
    ("poem-session", "poem", "docs.rs/poem: CookieConfig"),
    ("salvo.session.id", "salvo", "docs.rs/salvo: SessionHandlerBuilder"),
];

const ENTRA: &str = "learn.microsoft.com: Web browser cookies used in Microsoft Entra authentication";
const KEYCLOAK: &str = "keycloak/keycloak: CookieType.java";
const SIMPLE_SAML: &str = "simplesamlphp/simplesamlphp: config/config.php.dist";
const WORDPRESS: &str = "WordPress/WordPress: wp-includes/default-constants.php";

/// Cookies that only look like session cookies. Scripts read many of them.
const OTHERS: &[Product] = &[
    ("ESTSAUTHLIGHT", "Microsoft Entra ID: scripts read it", ENTRA),
    ("MSISAuthenticated", "AD FS: the time of the last sign-in", "learn.microsoft.com: AD FS Troubleshooting, Fiddler"),
    ("KEYCLOAK_REMEMBER_ME", "Keycloak: the name of the user", KEYCLOAK),
    ("KC_AUTH_SESSION_HASH", "Keycloak: scripts read it", KEYCLOAK),
    ("sFrontToken", "SuperTokens: scripts read it", "supertokens.com: cookies"),
    ("gitea_awesome", "Gitea: the name of the user", "go-gitea/gitea: custom/conf/app.example.ini, COOKIE_USERNAME"),
    ("known_sign_in", "GitLab: tells a new device", "gitlab-org/gitlab: app/controllers/concerns/known_sign_in.rb"),
    ("sidebar_collapsed", "GitLab: the page's look", "docs.gitlab.com: cookies"),
    ("joomla_user_state", "Joomla: a flag", "joomla/joomla-cms: plugins/system/cache"),
    ("nc_username", "Nextcloud: the name of the user", "nextcloud/server: lib/private/User/Session.php"),
    ("wordpress_test_cookie", "WordPress: tests whether cookies work", WORDPRESS),
    ("mage-cache-sessid", "Magento: clears the page's storage", "experienceleague.adobe.com: Commerce cookies"),
    ("edxloggedin", "Open edX: a flag for scripts", "openedx/edx-platform: cookies.py"),
    ("edx-jwt-cookie-header-payload", "Open edX: scripts read it", "openedx/edx-platform: cookies.py"),
    ("grafana_session_expiry", "Grafana: a time for scripts", "grafana/grafana: pkg/middleware/cookies"),
    ("meteor_login_token_expires", "Meteor: a time", "meteor.com: accounts"),
    ("csrftoken", "Django", "docs.djangoproject.com: CSRF_COOKIE_NAME"),
    ("XSRF-TOKEN", "Angular, Laravel", "angular.dev: withXsrfConfiguration"),
    ("atlassian.xsrf.token", "Jira", "developer.atlassian.com: form token handling"),
    ("next-auth.callback-url", "NextAuth.js: an address", "next-auth.js.org: cookies"),
    (".AspNetCore.Antiforgery.x", "ASP.NET Core: a CSRF token", "learn.microsoft.com: prevent CSRF attacks"),
    ("NSC_TASS", "NetScaler: the page before the sign-in", "docs.netscaler.com: cookies"),
    ("AWSALB", "AWS Application Load Balancer: stickiness", "docs.aws.amazon.com: sticky sessions"),
    ("SERVERID", "HAProxy: stickiness", "docs.haproxy.org: cookie"),
    ("visid_incap_123", "Imperva: statistics", "docs.imperva.com: cookies"),
    ("cookiesession1", "FortiWeb: a client", "docs.fortinet.com: FortiWeb cookies"),
    ("ai_session", "Azure Application Insights", "microsoft/ApplicationInsights-JS: README.md"),
    ("s_sess", "Adobe Analytics", "experienceleague.adobe.com: Analytics cookies"),
    ("_ga_ABC123", "Google Analytics", "support.google.com: Analytics cookies"),
    ("_hjSessionUser_123", "Hotjar", "help.hotjar.com: cookies"),
    ("_pk_ses.1.1fff", "Matomo", "matomo.org: cookies"),
    ("_sp_ses.1fff", "Snowplow", "docs.snowplow.io: cookies"),
    ("intercom-session-abc", "Intercom", "intercom.com: messenger cookies"),
    ("__stripe_sid", "Stripe: against fraud", "stripe.com: cookies policy"),
    ("_uetsid", "Microsoft Advertising", "help.ads.microsoft.com: UET cookies"),
    ("AMP_TOKEN", "Google Analytics", "support.google.com: Analytics cookies"),
    ("optimizelySession", "Optimizely", "docs.developers.optimizely.com: cookies"),
    ("XDEBUG_SESSION", "Xdebug", "xdebug.org: step debugging"),
    ("_parsely_session", "Parse.ly", "docs.parse.ly: cookies"),
    ("msToken", "TikTok", "ads.tiktok.com: cookies"),
];

#[test]
fn lists_are_long_enough_and_unique() {
    let (sessions, others) = (SESSIONS.len(), OTHERS.len());
    assert!(sessions >= 60 && others >= 30, "{sessions} session cookies, {others} others");
    let names: BTreeSet<_> = SESSIONS.iter().chain(OTHERS).map(|(name, ..)| name.to_ascii_lowercase()).collect();
    assert_eq!(names.len(), sessions + others);
    for (name, product, source) in SESSIONS.iter().chain(OTHERS) {
        assert!(!product.is_empty() && source.len() > 7, "{name}");
    }
    let required = [
        "Entra",
        "AD FS",
        "WebSphere",
        "Keycloak",
        "SimpleSAML",
        "OAuth2 Proxy",
        "traefik-forward-auth",
        "Authelia",
        "Argo CD",
    ];
    for required in required {
        assert!(SESSIONS.iter().any(|(_, product, _)| product.contains(required)), "{required}");
    }
}

#[test]
fn rules_recognise_session_cookies_of_products() {
    let wrong = |list: &[Product], expected: bool| -> Vec<&str> {
        let is_wrong = |(name, ..): &&Product| is_session_like(name.as_bytes()) != expected;
        list.iter().filter(is_wrong).map(|(name, ..)| *name).collect()
    };
    assert_eq!(wrong(SESSIONS, true), [""; 0], "not recognised");
    assert_eq!(wrong(OTHERS, false), [""; 0], "taken for session cookies");
    // The names whose words do not decide are in the table, so both parts are in use.
    let by_table = |list: &[Product], expected: NameKind| {
        let is_by_table =
            |(name, ..): &&Product| kind(name.as_bytes()) == expected && kind_by_words(name.as_bytes()) != expected;
        list.iter().filter(is_by_table).count()
    };
    let (sessions, others) = (by_table(SESSIONS, NameKind::Session), by_table(OTHERS, NameKind::Other));
    println!(
        "{sessions} of {} session cookies and {others} of {} others are in the table",
        SESSIONS.len(),
        OTHERS.len()
    );
    assert!(sessions > 0 && sessions < SESSIONS.len() && others > 0 && others < OTHERS.len());
}

#[tokio::test]
async fn policy_hardens_session_cookies_of_products() {
    let header = |(name, ..): &Product| format!("{name}=opensesame; Path=/");
    let headers: Vec<String> = SESSIONS.iter().chain(OTHERS).map(header).collect();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let policy = Policy::builder().undeclared_cookies(UndeclaredCookies::Harden);
    let sent = send_cookies(policy, Transport::Tls, &headers).await;
    let sent = sent.set_cookies();
    assert_eq!(sent.len(), headers.len());
    let (sessions, others) = sent.split_at(SESSIONS.len());
    for header in sessions {
        assert!(header.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{header}");
    }
    for header in others {
        assert!(header.ends_with("; Path=/; Secure"), "{header}");
    }
}
