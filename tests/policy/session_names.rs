//! Names of cookies of products that people run. The policy must recognise session and login cookies, and must not take
//! other cookies for session cookies. Each name comes with the product and with the source of the name:
//!
//! - A file of the product's source code, or a page of its documentation. The name was read there.
//! - `SEEN`: An exact search of public source code found the name, in the product or in programs that talk to it.
//! - `COOKIE_DATABASE`: A public list of cookies has the name.
//! - `NOT_VERIFIED`: The name is from memory, and was found in no public source. It may be wrong.

use std::collections::BTreeSet;

use hardtack::Policy;
use hardtack::policy::UndeclaredCookies;
use hardtack::tls::Transport;
use hardtack_rules::session_names::{NameKind, is_session_like, kind, kind_by_words};

use super::send_cookies;

const SEEN: &str = "found by an exact search of public source code";
const COOKIE_DATABASE: &str = "jkwakman/Open-Cookie-Database: open-cookie-database.csv";
const NOT_VERIFIED: &str = "not verified";

/// A cookie's name, the product, and the source of the name.
type Product = (&'static str, &'static str, &'static str);

/// Cookies that sign a browser in: whoever has the value is signed in, or gets further in a sign-in.
const SESSIONS: &[Product] = &[
    // Identity products.
    ("ESTSAUTH", "Microsoft Entra ID", ENTRA),
    ("ESTSAUTHPERSISTENT", "Microsoft Entra ID", ENTRA),
    ("x-ms-cpim-sso:shop.onmicrosoft.com_0", "Azure AD B2C", SEEN),
    ("MSISAuth", "AD FS", SEEN),
    ("FedAuth", "Windows Identity Foundation", COOKIE_DATABASE),
    ("rtFa", "SharePoint Online", SEEN),
    ("LtpaToken2", "WebSphere Liberty", SEEN),
    ("KEYCLOAK_IDENTITY", "Keycloak", KEYCLOAK),
    ("AUTH_SESSION_ID", "Keycloak", KEYCLOAK),
    ("SimpleSAML", "SimpleSAMLphp", SIMPLE_SAML),
    ("SimpleSAMLSessionID", "SimpleSAMLphp", SIMPLE_SAML),
    ("SimpleSAMLAuthToken", "SimpleSAMLphp", SIMPLE_SAML),
    ("_oauth2_proxy", "OAuth2 Proxy", "oauth2-proxy/oauth2-proxy: pkg/apis/options/cookie.go"),
    ("_forward_auth", "traefik-forward-auth", "thomseddon/traefik-forward-auth: README.md, cookie-name"),
    ("authelia_session", "Authelia", "authelia/authelia: docs/content/blog/authelia-traefik-setup-guide/index.md"),
    ("argocd.token", "Argo CD", "argoproj/argo-cd: common/common.go"),
    ("authentik_session", "authentik", SEEN),
    ("authentik_proxy_4f1a2b3c", "authentik", SEEN),
    ("_pomerium", "Pomerium", "pomerium/pomerium: config/options.go"),
    ("VouchCookie", "Vouch Proxy", "vouch/vouch-proxy: config/config.yml_example"),
    ("iPlanetDirectoryPro", "OpenAM", "OpenIdentityPlatform/OpenAM: e2e/oauth2/oauth2-test.spec.mjs"),
    ("CASTGC", "Apereo CAS 4", SEEN),
    ("TGC", "Apereo CAS 5", "apereo/cas: TicketGrantingCookieProperties.java"),
    ("_shibsession_64656661756c74", "Shibboleth SP", SEEN),
    ("shib_idp_session", "Shibboleth IdP", SEEN),
    ("mod_auth_openidc_session", "mod_auth_openidc", "OpenIDC/mod_auth_openidc: auth_openidc.conf, OIDCCookie"),
    ("mellon-cookie", "mod_auth_mellon", "latchset/mod_auth_mellon: auth_mellon_config.c"),
    ("MYSAPSSO2", "SAP NetWeaver", SEEN),
    ("SAP_SESSIONID_PRD_100", "SAP NetWeaver", SEEN),
    ("OAMAuthnCookie_shop.example:443", "Oracle Access Manager", SEEN),
    ("SMSESSION", "SiteMinder", SEEN),
    ("PF", "PingFederate", "docs.pingidentity.com: Specifying the domain of the PF cookie"),
    ("PA.shop", "PingAccess", NOT_VERIFIED),
    ("lemonldap", "LemonLDAP::NG", SEEN),
    ("CF_Authorization", "Cloudflare Access", SEEN),
    ("AWSELBAuthSessionCookie-0", "AWS Application Load Balancer", SEEN),
    ("ory_kratos_session", "Ory Kratos", "ory/kratos: .schema/openapi.json"),
    ("fusionauth.at", "FusionAuth", SEEN),
    ("fusionauth.sso", "FusionAuth", SEEN),
    ("casdoor_session_id", "Casdoor", "casdoor/casdoor: main.go"),
    (
        "idsrv",
        "Duende IdentityServer",
        "IdentityServer/IdentityServer4: src/IdentityServer4/src/IdentityServerConstants.cs",
    ),
    ("zitadel.useragent", "Zitadel", SEEN),
    ("commonAuthId", "WSO2 Identity Server", SEEN),
    ("_session", "oidc-provider", "panva/node-oidc-provider: lib/helpers/defaults.js"),
    ("CrmOwinAuth", "Microsoft Dynamics 365", SEEN),
    ("SPOIDCRL", "SharePoint Online", SEEN),
    ("cosign", "Cosign", "umich-iam/cosign: cgi/cgi.c"),
    ("cosign-wiki", "Cosign", "umich-iam/cosign: cgi/cgi.c"),
    ("pubcookie_g", "Pubcookie", SEEN),
    ("MOD_AUTH_CAS_S", "mod_auth_cas", "apereo/mod_auth_cas: README"),
    ("cam_passport", "IBM Cognos", SEEN),
    ("HZN", "VMware Workspace ONE Access", NOT_VERIFIED),
    ("DSR", "Descope", NOT_VERIFIED),
    ("cognito", "Amazon Cognito", SEEN),
    ("CognitoIdentityServiceProvider.1a2b.me.accessToken", "AWS Amplify", SEEN),
    ("logto_a1b2c3d4e5f6", "Logto", SEEN),
    ("kc-access", "Gatekeeper for Keycloak", SEEN),
    ("kc-state", "Gatekeeper for Keycloak: the refresh token", SEEN),
    // Forges and trackers.
    ("_gitlab_session", "GitLab", "gitlabhq/gitlabhq: config/initializers/session_store.rb"),
    ("remember_user_token", "GitLab, Devise", "heartcombo/devise: lib/devise/controllers/rememberable.rb"),
    ("i_like_gitea", "Gitea", "go-gitea/gitea: modules/setting/session.go"),
    ("gitea_incredible", "Gitea", SEEN),
    ("i_like_gogs", "Gogs", "gogs/gogs: conf/app.ini"),
    ("GerritAccount", "Gerrit", "GerritCodeReview/gerrit: CacheBasedWebSession.java"),
    ("BITBUCKETSESSIONID", "Bitbucket", SEEN),
    ("seraph.rememberme.cookie", "Jira", SEEN),
    ("_redmine_session", "Redmine", "redmine/redmine: config/application.rb"),
    ("Bugzilla_logincookie", "Bugzilla", "bugzilla/bugzilla: Bugzilla/Auth/Login/Cookie.pm"),
    ("trac_auth", "Trac", "edgewall/trac: trac/web/auth.py"),
    ("phsid", "Phabricator", "phacility/phabricator: PhabricatorCookies.php"),
    ("kallithea", "Kallithea", SEEN),
    ("fossil-1a2b3c4d5e6f7081", "Fossil", "drhsqlite/fossil-mirror: src/login.c"),
    ("seraph.confluence", "Confluence", SEEN),
    ("OSTSESSID", "osTicket", "osTicket/osTicket: include/class.osticket.php"),
    ("KB_RM", "Kanboard", "kanboard/kanboard: app/Core/Http/RememberMeCookie.php"),
    ("RT_SID_example.com.443", "Request Tracker", "bestpractical/rt: lib/RT/Interface/Web.pm"),
    ("snipeitv6_session", "Snipe-IT", "snipe/snipe-it: config/session.php"),
    ("glide_user", "ServiceNow", SEEN),
    ("itop-0123456789abcdef0123456789abcdef", "iTop", SEEN),
    ("nc_session_id", "Nextcloud", "nextcloud/server: lib/private/User/Session.php"),
    ("sgs", "Sourcegraph", SEEN),
    ("lobster_trap", "Lobsters", "lobsters/lobsters: config/initializers/session_store.rb"),
    // Content management, shops and forums.
    ("wordpress_logged_in_0123456789abcdef0123456789abcdef", "WordPress", WORDPRESS),
    ("wordpress_sec_0123456789abcdef0123456789abcdef", "WordPress", WORDPRESS),
    ("wordpress_0123456789abcdef0123456789abcdef", "WordPress", WORDPRESS),
    (
        "SSESS49960de5880e8c687434170f6476605b",
        "Drupal",
        "drupal/core: lib/Drupal/Core/Session/SessionConfiguration.php",
    ),
    ("0123456789abcdef0123456789abcdef", "Joomla", SEEN),
    ("fe_typo_user", "TYPO3", SEEN),
    ("be_typo_user", "TYPO3", COOKIE_DATABASE),
    ("ghost-admin-api-session", "Ghost", "TryGhost/Ghost: services/auth/session/express-session.js"),
    ("ghost-members-ssr", "Ghost", SEEN),
    ("UMB_UCONTEXT", "Umbraco", SEEN),
    ("PrestaShop-0123456789abcdef0123456789abcdef", "PrestaShop", "PrestaShop/PrestaShop: classes/Cookie.php"),
    ("admin", "Magento 2", "magento/magento2: app/code/Magento/Backend/Model/Session/AdminConfig.php"),
    ("OCSESSID", "OpenCart", "opencart/opencart: system/config/default.php"),
    ("wp_woocommerce_session_0123456789abcdef", "WooCommerce", SEEN),
    ("grav-site-1a2b3c4", "Grav", "getgrav/grav: system/config/system.yaml, session.name"),
    ("wire", "ProcessWire", "processwire/processwire: wire/config.php, sessionName"),
    ("_t", "Discourse", "discourse/discourse: lib/auth/default_current_user_provider.rb"),
    ("xf_user", "XenForo", COOKIE_DATABASE),
    ("mybbuser", "MyBB", "mybb/mybb: inc/class_session.php"),
    ("SMFCookie123", "Simple Machines Forum", "SimpleMachines/SMF: other/install.php"),
    ("phpbb3_ab12c_sid", "phpBB", "phpbb/phpbb: phpbb/session.php"),
    ("phpbb3_ab12c_k", "phpBB", "phpbb/phpbb: phpbb/session.php"),
    ("pun_cookie_3b46c1", "FluxBB", "fluxbb/fluxbb: install.php"),
    ("DW0123456789abcdef0123456789abcdef", "DokuWiki", "dokuwiki/dokuwiki: inc/init.php, DOKU_COOKIE"),
    ("enwikiSession", "MediaWiki", SEEN),
    ("oc8xkqv2m1zp", "Nextcloud", SEEN),
    ("nc_token", "Nextcloud", "nextcloud/server: lib/private/User/Session.php"),
    ("roundcube_sessauth", "Roundcube", "roundcube/roundcubemail: program/lib/Roundcube/rcube_session.php"),
    ("ZM_AUTH_TOKEN", "Zimbra", "Zimbra/zm-mailbox: ZimbraCookie.java"),
    ("0xHIGHFLYxSOGo", "SOGo", "Alinto/sogo: Tests/lib/WebDAV.js"),
    ("wordpress_rec_0123456789abcdef0123456789abcdef", "WordPress", WORDPRESS),
    ("Typo3InstallTool", "TYPO3", COOKIE_DATABASE),
    ("CONCRETE", "Concrete CMS", "concretecms/concretecms: concrete/config/concrete.php"),
    (
        "ccmAuthUserHash",
        "Concrete CMS",
        "concretecms/concretecms: concrete/src/User/PersistentAuthentication/CookieService.php",
    ),
    ("exp_sessionid", "ExpressionEngine", "ExpressionEngine/ExpressionEngine: system/ee/legacy/libraries/Session.php"),
    ("s9y_0123456789abcdef0123456789abcdef", "Serendipity", "s9y/Serendipity: serendipity_config.inc.php"),
    ("alc_enc", "Silverstripe", "silverstripe/silverstripe-framework: _config/security.yml"),
    ("SECSESSID", "Silverstripe", "silverstripe/silverstripe-framework: src/Control/Session.php"),
    ("contao_manager_auth", "Contao Manager", "contao/contao: StripCookiesSubscriber.php"),
    ("dcxd", "Dotclear", "dotclear/dotclear: inc/config.php.in"),
    ("pw512", "ProcessWire", "processwire/processwire: install.php"),
    ("pw512_challenge", "ProcessWire", "processwire/processwire: wire/core/Session.php"),
    ("BITRIX_SM_UIDH", "1C-Bitrix", SEEN),
    ("PUBLICCMS_USER", "PublicCMS", SEEN),
    ("om_frontend", "OpenMage", "OpenMage/magento-lts: app/code/core/Mage/Core/Controller/Front/Action.php"),
    ("adminhtml", "OpenMage, Magento 1", "OpenMage/magento-lts: app/code/core/Mage/Adminhtml/Controller/Action.php"),
    ("oscomid", "osCommerce", "osCommerce/oscommerce2: catalog/includes/OSC/OM/Session.php"),
    ("zenAdminID", "Zen Cart", "zencart/zencart: admin/includes/init_includes/init_sessions.php"),
    ("cepcAdminID", "CE Phoenix Cart", "CE-PhoenixCart/PhoenixCart: admin/includes/application_top.php"),
    ("AC_SF_1A2B3C4D5E", "AbanteCart", "abantecart/abantecart-src: public_html/core/init.php"),
    ("AC_CP_1A2B3C4D5E", "AbanteCart", "abantecart/abantecart-src: public_html/core/init.php"),
    ("eccube", "EC-CUBE", "EC-CUBE/ec-cube: app/config/eccube/packages/eccube.yaml"),
    ("APP_ADMIN_REMEMBER_ME", "Sylius", "Sylius/Sylius: config/packages/security.yaml"),
    ("SHOPWAREBACKEND", "Shopware 5", SEEN),
    ("WHMCSy551iLvnhYt7", "WHMCS", NOT_VERIFIED),
    (".Nop.Customer", "nopCommerce", SEEN),
    ("Vanilla", "Vanilla Forums", "vanilla/vanilla: conf/config-defaults.php"),
    ("express.sid", "NodeBB", "NodeBB/NodeBB: src/prestart.js"),
    ("xf_tfa_trust", "XenForo", COOKIE_DATABASE),
    ("Friendica", "Friendica", "friendica/friendica: src/Model/User/Cookie.php"),
    ("Elgg", "Elgg", "Elgg/Elgg: engine/classes/Elgg/Config.php"),
    ("elggperm", "Elgg", "Elgg/Elgg: engine/classes/Elgg/Config.php"),
    ("pwg_id", "Piwigo", "Piwigo/Piwigo: include/config_default.inc.php"),
    ("pwg_remember", "Piwigo", "Piwigo/Piwigo: include/config_default.inc.php"),
    ("yourls_1a2b3c4d", "YOURLS", "YOURLS/YOURLS: includes/functions-auth.php"),
    ("ZM_ADMIN_AUTH_TOKEN", "Zimbra", "Zimbra/zm-mailbox: ZimbraCookie.java"),
    ("open-xchange-secret-1a2b3c", "Open-Xchange", SEEN),
    ("KOPANO_WEBAPP", "Kopano", SEEN),
    ("horde_secret_key", "Horde", SEEN),
    ("smaccount", "SnappyMail", "the-djmaze/snappymail: RainLoop/Actions.php"),
    ("smremember", "SnappyMail", "the-djmaze/snappymail: RainLoop/Actions.php"),
    ("groupoffice", "Group-Office", SEEN),
    // Learning platforms.
    ("MoodleSession", "Moodle", SEEN),
    ("canvas_session", "Canvas", SEEN),
    ("SAKAIID", "Sakai", SEEN),
    ("BbRouter", "Blackboard Learn", SEEN),
    ("d2lSecureSessionVal", "Brightspace", SEEN),
    ("mahara", "Mahara", "MaharaProject/mahara: htdocs/auth/session.php"),
    ("ATutorID", "ATutor", "atutor/ATutor: include/vitals.inc.php"),
    ("RosarioSIS", "RosarioSIS", "francoisjacquet/rosariosis: Warehouse.php"),
    ("WeBWorKCourseSession.math", "WeBWorK", "openwebwork/webwork2: lib/WeBWorK/Controller.pm"),
    // Operations and network devices.
    ("grafana_session", "Grafana", SEEN),
    ("R_SESS", "Rancher", "rancher/rancher: pkg/auth/providers/publicapi/login.go"),
    ("portainer_api_key", "Portainer", "portainer/portainer: api/portainer.go"),
    ("PVEAuthCookie", "Proxmox VE", "proxmox/pve-http-server: src/PVE/APIServer/AnyEvent.pm"),
    ("zbx_session", "Zabbix", SEEN),
    ("splunkd_8089", "Splunk", SEEN),
    ("pga4_session", "pgAdmin", "pgadmin-org/pgadmin4: web/config.py, SESSION_COOKIE_NAME"),
    ("metabase.SESSION", "Metabase", SEEN),
    ("phpMyAdmin", "phpMyAdmin", "phpmyadmin/phpmyadmin: libraries/classes/Session.php"),
    ("unifises", "UniFi Network", SEEN),
    ("SVPNCOOKIE", "FortiGate", "adrienverge/openfortivpn: src/http.c"),
    ("webvpn", "Cisco AnyConnect", "openconnect/openconnect: auth.c"),
    ("DSID", "Ivanti Connect Secure", "openconnect/openconnect: auth-juniper.c"),
    ("NSC_AAAC", "NetScaler Gateway", SEEN),
    ("JWT-SESSION", "SonarQube", "SonarSource/sonarqube: JwtHttpHandler.java"),
    ("NXSESSIONID", "Sonatype Nexus", "sonatype/nexus-public: FeatureFlags.java"),
    ("MMAUTHTOKEN", "Mattermost", "mattermost/mattermost: server/public/model/session.go"),
    ("username-localhost-8888", "Jupyter", "jupyter-server/jupyter_server: auth/identity.py"),
    ("OCTOPUS1813713946", "PRTG", SEEN),
    ("Icingaweb2", "Icinga Web 2", "Icinga/icingaweb2: library/Icinga/Web/Session/PhpSession.php"),
    ("Cacti", "Cacti", "Cacti/cacti: include/config.php.dist"),
    ("phpipam", "phpIPAM", "phpipam/phpipam: config.dist.php"),
    ("gophish", "Gophish", "gophish/gophish: middleware/middleware.go"),
    ("pl_ssti", "Puppet Enterprise", SEEN),
    ("PPA_ID", "phpPgAdmin", SEEN),
    ("adminer_permanent", "Adminer", "vrana/adminer: adminer/include/auth.inc.php"),
    ("strapi_admin_refresh", "Strapi", SEEN),
    ("passbolt_mfa", "Passbolt", SEEN),
    ("VW_ADMIN", "Vaultwarden", "dani-garcia/vaultwarden: src/api/admin.rs"),
    ("QBT_SID_8080", "qBittorrent", "qbittorrent/qBittorrent: src/webui/webapplication.cpp"),
    ("cockpit", "Cockpit", SEEN),
    ("machine-cockpit+host", "Cockpit", SEEN),
    ("OpenEMR", "OpenEMR", SEEN),
    ("AIROS_0418D6A1B2C3", "Ubiquiti airOS", SEEN),
    ("ssn", "OpenShift 3", SEEN),
    ("semaphore", "Semaphore UI", SEEN),
    ("unraid_0123456789abcdef0123456789abcdef", "Unraid", SEEN),
    // Web frameworks.
    ("PHPSESSID", "PHP", COOKIE_DATABASE),
    ("JSESSIONID", "Jakarta Servlet", COOKIE_DATABASE),
    ("ASP.NET_SessionId", "ASP.NET", COOKIE_DATABASE),
    (".ASPXAUTH", "ASP.NET", COOKIE_DATABASE),
    (".AspNetCore.Identity.Application", "ASP.NET Core", SEEN),
    ("connect.sid", "Express", "expressjs/session: README.md"),
    ("koa.sess", "Koa", "koajs/session: Readme.md"),
    ("laravel-session", "Laravel", "laravel/laravel: config/session.php"),
    ("remember_web_59ba36addc2b2f9401580f014c7f58ea4e30989d", "Laravel", "laravel/framework: SessionGuard.php"),
    ("REMEMBERME", "Symfony", "symfony/symfony: RememberMeFactory.php"),
    ("ci_session", "CodeIgniter", "codeigniter4/CodeIgniter4: app/Config/Session.php"),
    ("CAKEPHP", "CakePHP", "MISP/MISP: INSTALL/ansible/roles/misp/templates/misp/config/core.php"),
    ("sessionid", "Django", SEEN),
    ("PLAY_SESSION", "Play", "playframework/playframework: core/play/src/main/resources/reference.conf"),
    ("_shop_key", "Phoenix", "phoenixframework/phoenix: installer/templates/phx_web/endpoint.ex.eex"),
    ("CFID", "ColdFusion", "lucee/Lucee: core/src/main/java/lucee/runtime/PageContextImpl.java"),
    ("mojolicious", "Mojolicious", "mojolicious/mojo: lib/Mojolicious/Sessions.pm"),
    ("beaker.session.id", "Beaker", "bbangert/beaker: beaker/middleware.py"),
    ("next-auth.session-token", "NextAuth.js", SEEN),
    ("sb-abcdefgh-auth-token", "Supabase", "supabase/ssr: src/__snapshots__/createServerClient.spec.ts.snap"),
    ("id", "tower-sessions", "maxcountryman/tower-sessions: src/service.rs"),
    ("poem-session", "poem", "poem-web/poem: poem/src/session/cookie_config.rs"),
    ("salvo.session.id", "salvo", "salvo-rs/salvo: crates/session/src/lib.rs"),
    ("ORA_WWV_APP_100", "Oracle APEX", SEEN),
    ("nr1Users", "OutSystems", SEEN),
    ("Pega-RULES", "Pega", SEEN),
    ("shop_live_u2main", "Bubble", SEEN),
    ("advanced-frontend", "Yii", "yiisoft/yii2-app-advanced: frontend/config/main.php"),
    ("advanced-backend", "Yii", "yiisoft/yii2-app-advanced: backend/config/main.php"),
    ("fuelcid", "FuelPHP", "fuel/core: classes/session/cookie.php"),
    ("fueldid", "FuelPHP", "fuel/core: classes/session/db.php"),
    ("h3", "h3", "h3js/h3: src/utils/internal/session.ts"),
    ("_nc", "Nancy", "NancyFx/Nancy: src/Nancy/Session/CookieBasedSessionsConfiguration.cs"),
    ("_ncfa", "Nancy", "NancyFx/Nancy: src/Nancy.Authentication.Forms/FormsAuthentication.cs"),
    ("ss-id", "ServiceStack", "ServiceStack/ServiceStack: ServiceStack/src/ServiceStack/Keywords.cs"),
    ("ss-pid", "ServiceStack", "ServiceStack/ServiceStack: ServiceStack/src/ServiceStack/Keywords.cs"),
    ("ss-tok", "ServiceStack", "ServiceStack/ServiceStack: ServiceStack/src/ServiceStack.Client/JsonApiClient.cs"),
    ("beegosessionID", "Beego", "beego/beego: server/web/config.go"),
    ("authjs.session-token", "Auth.js", "nextauthjs/next-auth: packages/core/src/lib/utils/cookie.ts"),
    ("CFAUTHORIZATION_shop", "ColdFusion", SEEN),
    ("thinkjs", "ThinkJS", SEEN),
];

const ENTRA: &str = "learn.microsoft.com: Web browser cookies used in Microsoft Entra authentication";
const KEYCLOAK: &str = "keycloak/keycloak: CookieType.java";
const SIMPLE_SAML: &str = "simplesamlphp/simplesamlphp: config/config.php.dist";
const WORDPRESS: &str = "WordPress/WordPress: wp-includes/default-constants.php";

/// Cookies that only look like session cookies. Scripts read many of them.
const OTHERS: &[Product] = &[
    ("ESTSAUTHLIGHT", "Microsoft Entra ID: scripts read it", ENTRA),
    ("MSISAuthenticated", "AD FS: the time of the last sign-in", SEEN),
    ("KEYCLOAK_REMEMBER_ME", "Keycloak: the name of the user", KEYCLOAK),
    ("KC_AUTH_SESSION_HASH", "Keycloak: scripts read it", SEEN),
    ("sFrontToken", "SuperTokens: scripts read it", SEEN),
    ("gitea_awesome", "Gitea: the name of the user", SEEN),
    ("known_sign_in", "GitLab: tells a new device", SEEN),
    ("sidebar_collapsed", "several programs: the page's look", SEEN),
    ("joomla_user_state", "Joomla: a flag", SEEN),
    ("nc_username", "Nextcloud: the name of the user", "nextcloud/server: lib/private/User/Session.php"),
    ("wordpress_test_cookie", "WordPress: tests whether cookies work", WORDPRESS),
    ("mage-cache-sessid", "Magento: clears the page's storage", SEEN),
    ("edxloggedin", "Open edX: a flag for scripts", SEEN),
    ("edx-jwt-cookie-header-payload", "Open edX: scripts read it", SEEN),
    ("grafana_session_expiry", "Grafana: a time for scripts", SEEN),
    ("meteor_login_token_expires", "Meteor: a time", "wekan/wekan: client/00-startup.js"),
    ("csrftoken", "Django", SEEN),
    ("XSRF-TOKEN", "Angular, Laravel", COOKIE_DATABASE),
    ("atlassian.xsrf.token", "Jira", SEEN),
    ("next-auth.callback-url", "NextAuth.js: an address", SEEN),
    (".AspNetCore.Antiforgery.x", "ASP.NET Core: a CSRF token", SEEN),
    ("NSC_TASS", "NetScaler: the page before the sign-in", SEEN),
    ("AWSALB", "AWS Application Load Balancer: stickiness", COOKIE_DATABASE),
    ("SERVERID", "HAProxy: stickiness", COOKIE_DATABASE),
    ("visid_incap_123", "Imperva: statistics", COOKIE_DATABASE),
    ("cookiesession1", "FortiWeb: a client", SEEN),
    ("ai_session", "Azure Application Insights", COOKIE_DATABASE),
    ("s_sess", "Adobe Analytics", SEEN),
    ("_ga_ABC123", "Google Analytics", COOKIE_DATABASE),
    ("_hjSessionUser_123", "Hotjar", COOKIE_DATABASE),
    ("_pk_ses.1.1fff", "Matomo", COOKIE_DATABASE),
    ("_sp_ses.1fff", "Snowplow", COOKIE_DATABASE),
    ("intercom-session-abc", "Intercom", COOKIE_DATABASE),
    ("__stripe_sid", "Stripe: against fraud", COOKIE_DATABASE),
    ("_uetsid", "Microsoft Advertising", COOKIE_DATABASE),
    ("AMP_TOKEN", "Google Analytics", COOKIE_DATABASE),
    ("optimizelySession", "Optimizely", SEEN),
    ("XDEBUG_SESSION", "Xdebug", "xdebug/xdebug: src/debugger/com.c"),
    ("_parsely_session", "Parse.ly", COOKIE_DATABASE),
    ("msToken", "TikTok", COOKIE_DATABASE),
    ("KEYCLOAK_SESSION", "Keycloak: scripts read it", KEYCLOAK),
    (
        "idsrv.session",
        "Duende IdentityServer: scripts read it",
        "IdentityServer/IdentityServer4: src/IdentityServer4/src/Services/Default/DefaultUserSession.cs",
    ),
    (
        "authentication_data",
        "Discourse: scripts read it",
        "discourse/discourse: lib/auth/default_current_user_provider.rb",
    ),
    ("phusr", "Phabricator: the name of the user", "phacility/phabricator: PhabricatorCookies.php"),
    ("MMUSERID", "Mattermost: the number of the user", "mattermost/mattermost: server/public/model/session.go"),
    ("icingaweb2-session", "Icinga Web 2: a time", "Icinga/icingaweb2: ApplicationStateController.php"),
    ("ss-opt", "ServiceStack: a setting", "ServiceStack/ServiceStack: ServiceStack/src/ServiceStack/Keywords.cs"),
    (
        "CA_collectiveaccess_ui_locale",
        "CollectiveAccess: the language",
        "collectiveaccess/providence: app/controllers/system/AuthController.php",
    ),
    ("loginnotify_prevlogins", "MediaWiki: known devices", COOKIE_DATABASE),
    ("enwikimwuser-sessionId", "MediaWiki: scripts write it", SEEN),
    ("SignOnDefault", "PeopleSoft: the name of the user", SEEN),
    ("GCP_IAP_UID", "Google Identity-Aware Proxy: the number of the user", SEEN),
    ("G_AUTHUSER_H", "Google: the number of the account", COOKIE_DATABASE),
    ("ROLLOUT_TOKEN", "YouTube", COOKIE_DATABASE),
    ("ai_authUser", "Azure Application Insights", SEEN),
    ("TAsessionID", "TrustArc: consent", SEEN),
    ("SL_C_23361dd035530_SID", "Smartlook", SEEN),
    ("crisp-client/session/abc", "Crisp", COOKIE_DATABASE),
    ("wisepops_session", "Wisepops", SEEN),
    ("wcsid", "Olark", SEEN),
    ("LPSID-12345678", "LivePerson", SEEN),
    ("_gd_session", "6sense", SEEN),
    ("__attentive_session_id", "Attentive", SEEN),
    ("incap_ses_123_456", "Imperva", COOKIE_DATABASE),
    ("dtSa", "Dynatrace", COOKIE_DATABASE),
    ("rxvt", "Dynatrace: the time of the end of the visit", COOKIE_DATABASE),
    ("_clsk", "Microsoft Clarity", COOKIE_DATABASE),
    ("lihc_auth_en", "LinkedIn: a time", COOKIE_DATABASE),
    ("aws-csds-token", "Amazon Web Services: statistics", COOKIE_DATABASE),
    ("bSession", "Wix: measures its speed", COOKIE_DATABASE),
    ("fedops.logger.sessionId", "Wix: measures its speed", COOKIE_DATABASE),
    ("sessionFunnelEventLogged", "Pinterest", COOKIE_DATABASE),
    ("_zdsession_talk_embeddables_service", "Zendesk: stickiness", COOKIE_DATABASE),
    ("remember_checked_on", "X", COOKIE_DATABASE),
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
    let not_verified = |list: &[Product]| list.iter().filter(|(.., source)| *source == NOT_VERIFIED).count();
    println!(
        "{sessions} of {} session cookies and {others} of {} others are in the table; {} and {} are not verified",
        SESSIONS.len(),
        OTHERS.len(),
        not_verified(SESSIONS),
        not_verified(OTHERS)
    );
    assert!(sessions > 0 && sessions < SESSIONS.len() && others > 0 && others < OTHERS.len());
}

/// An entry that is equal to the name decides, and otherwise the entry with the longer beginning.
#[tokio::test]
async fn closest_entry_of_both_lists_decides() {
    let policy = Policy::builder()
        .session_names(["till_3", "ab", "shop_admin_*"])
        .not_session_names(["till_*", "ab*", "shop_*"]);
    let headers = ["till_3=1", "till_4=1", "ab=1", "abc=1", "shop_admin_1=1", "shop_session=1"];
    let sent = send_cookies(policy, Transport::Tls, &headers).await;
    let is_session: Vec<bool> = sent.set_cookies().iter().map(|header| header.contains("; HttpOnly")).collect();
    assert_eq!(is_session, [true, false, true, false, true, false]);
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
