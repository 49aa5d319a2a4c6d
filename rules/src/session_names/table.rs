//! The table of names. Each row has a pattern and the kind of the names that match the pattern. If several patterns
//! match a name, the name has the kind of the longest pattern.
//!
//! The table contains only names for which the rules in `words.rs` return a wrong kind, or could return a wrong kind
//! because the end of the name varies.

use super::NameKind::{self, Other, Session, SignInState};
use crate::spec::{is_equal, starts_with};

/// A row of the table: a pattern, and the kind of the names that match the pattern. A pattern is a whole name, or the
/// beginning of a name with `*` or `#` at its end. `*` matches any text. `#` matches 32 hexadecimal digits.
pub(super) type Row = (&'static str, NameKind);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Identity products.
    ("ESTSAUTH*", Session),                 // Microsoft Entra ID
    ("ESTSAUTHLIGHT", Other),               // Microsoft Entra ID: scripts read it for the OIDC sign-out
    ("x-ms-cpim-sso*", Session),            // Azure AD B2C
    ("x-ms-cpim-trans", SignInState),       // Azure AD B2C
    ("x-ms-cpim-cache*", SignInState),      // Azure AD B2C
    ("MSISAuth*", Session),                 // AD FS
    ("MSISAuthenticated", Other),           // AD FS: the time of the last sign-in
    ("FedAuth*", Session),                  // Windows Identity Foundation, SharePoint
    ("rtFa", Session),                      // SharePoint Online
    ("EdgeAccessCookie", Session),          // Windows Web Application Proxy
    ("PD-ID", Session),                     // IBM WebSEAL, for failover
    ("KC_RESTART", Session),                // Keycloak: restarts a sign-in
    ("KC_AUTH_SESSION*", Other),            // Keycloak: a hash that scripts read
    ("KEYCLOAK_REMEMBER_ME", Other),        // Keycloak: the name of the user, as a hint for the next sign-in
    ("authentik_proxy_*", Session),         // authentik
    ("_pomerium*", Session),                // Pomerium
    ("VouchCookie*", Session),              // Vouch Proxy
    ("iPlanetDirectoryPro", Session),       // OpenAM, ForgeRock AM
    ("MYSAPSSO2", Session),                 // SAP
    ("SAP_SESSIONID_*", Session),           // SAP
    ("ObSSOCookie", Session),               // Oracle Access Manager 10g
    ("OAMAuthnCookie*", Session),           // Oracle Access Manager 11g
    ("OAM_ID", Session),                    // Oracle Access Manager
    ("PF", Session),                        // PingFederate
    ("PF.PERSISTENT", Session),             // PingFederate
    ("PA.*", Session),                      // PingAccess
    ("idx", Session),                       // Okta Identity Engine
    ("lemonldap*", Session),                // LemonLDAP::NG
    ("idsrv", Session),                     // Duende IdentityServer
    ("idsrv.external", Session),            // Duende IdentityServer
    ("__client", Session),                  // Clerk
    ("hanko", Session),                     // Hanko
    ("kc-access*", Session),                // Gatekeeper for Keycloak: the access token
    ("kc-state*", Session),                 // Gatekeeper for Keycloak: the refresh token
    ("logto_*", Session),                   // Logto
    ("SimpleSAML", Session),                // SimpleSAMLphp
    ("_shibsession_*", Session),            // Shibboleth
    ("_shibsealed_*", Session),             // Shibboleth
    ("mellon-*", Session),                  // mod_auth_mellon
    ("fusionauth.at", Session),             // FusionAuth: the access token
    ("fusionauth.rt", Session),             // FusionAuth: the refresh token
    ("CF_Authorization*", Session),         // Cloudflare Access
    ("AWSELBAuthSessionCookie*", Session),  // AWS Application Load Balancer
    ("sFrontToken", Other),                 // SuperTokens: scripts read it
    ("idsrv.session", Other),               // Duende IdentityServer: scripts read it for the OIDC sign-out
    ("KEYCLOAK_SESSION", Other),            // Keycloak: scripts read it for the OIDC sign-out
    ("zitadel.useragent", Session),         // Zitadel
    ("DS", Session),                        // Descope: the session token
    ("DSR", Session),                       // Descope: the refresh token
    ("cognito", Session),                   // Amazon Cognito: its sign-in pages
    ("SPOIDCRL", Session),                  // SharePoint Online
    ("HZN", Session),                       // VMware Workspace ONE Access
    ("cosign", Session),                    // Cosign
    ("cosign-*", Session),                  // Cosign: the service
    ("pubcookie_g", Session),               // Pubcookie
    ("pubcookie_l", Session),               // Pubcookie
    ("pubcookie_s_*", Session),             // Pubcookie
    ("webauth_at", Session),                // Stanford WebAuth
    ("cam_passport", Session),              // IBM Cognos

    // The state of a sign-in.
    ("mod_auth_openidc_state_*", SignInState),  // mod_auth_openidc
    ("_shibstate_*", SignInState),          // Shibboleth
    ("opensaml_req_*", SignInState),        // Shibboleth
    ("authjs.state", SignInState),          // Auth.js
    ("authjs.nonce", SignInState),          // Auth.js
    ("authjs.pkce.code_verifier", SignInState), // Auth.js
    ("next-auth.state", SignInState),       // NextAuth.js
    ("next-auth.nonce", SignInState),       // NextAuth.js
    ("__txn_*", SignInState),               // Auth0 for Next.js
    ("wos-auth-verifier*", SignInState),    // WorkOS AuthKit
    ("OpenIdConnect.*", SignInState),       // Katana
    (".AspNet.Correlation.*", SignInState), // Katana
    (".AspNetCore.Correlation.*", SignInState),     // ASP.NET Core
    (".AspNetCore.OpenIdConnect.*", SignInState),   // ASP.NET Core
    ("REDIRECT_URI", SignInState),          // Spring Security: the saved request
    ("_interaction", SignInState),          // oidc-provider
    ("_interaction_resume", SignInState),   // oidc-provider
    ("esctx*", SignInState),                // Microsoft Entra ID
    ("pl_sssi", SignInState),               // Puppet Enterprise

    // Web frameworks.
    ("id", Session),                        // tower-sessions, axum-login, actix-session
    (".AspNet.*", Session),                 // ASP.NET: the rest is the name of the scheme
    (".AspNet.Consent", Other),             // ASP.NET
    (".AspNetCore.*", Session),             // ASP.NET Core: the rest is the name of the scheme
    (".AspNetCore.Antiforgery.*", Other),   // ASP.NET Core: CSRF tokens
    (".AspNetCore.Culture", Other),         // ASP.NET Core
    (".AspNetCore.Mvc.CookieTempDataProvider*", Other), // ASP.NET Core
    (".ASPXAUTH", Session),                 // ASP.NET forms authentication
    (".ASPXROLES", Session),                // ASP.NET: the roles of the user
    ("CFID", Session),                      // ColdFusion, Lucee; `CFTOKEN` has the word `token`
    ("CFGLOBALS", Session),                 // ColdFusion: repeats CFID and CFTOKEN
    ("CAKEPHP", Session),                   // CakePHP
    ("mojolicious", Session),               // Mojolicious
    ("_ZopeId", Session),                   // Zope
    ("__ac", Session),                      // Plone
    ("__ginger_snap", Session),             // Zope, PluggableAuthService
    ("username-*", Session),                // Jupyter
    ("jupyterhub-user-*", Session),         // JupyterHub
    ("_streamlit_user*", Session),          // Streamlit
    ("h3", Session),                        // h3
    ("_nc", Session),                       // Nancy
    ("_ncfa", Session),                     // Nancy: forms authentication
    ("ss-id", Session),                     // ServiceStack
    ("ss-pid", Session),                    // ServiceStack
    ("ss-tok", Session),                    // ServiceStack
    ("ss-reftok", Session),                 // ServiceStack
    ("fuelcid", Session),                   // FuelPHP
    ("fueldid", Session),                   // FuelPHP
    ("fuelfid", Session),                   // FuelPHP
    ("fuelmid", Session),                   // FuelPHP
    ("fuelrid", Session),                   // FuelPHP
    ("thinkjs", Session),                   // ThinkJS
    ("advanced-frontend", Session),         // Yii, its advanced template
    ("advanced-backend", Session),          // Yii, its advanced template
    ("CFAUTHORIZATION_*", Session),         // ColdFusion
    ("nr1Users", Session),                  // OutSystems
    ("Pega-RULES", Session),                // Pega
    ("ORA_WWV_APP_*", Session),             // Oracle APEX
    ("ORA_WWV_USER_*", Session),            // Oracle APEX

    // Forges.
    ("i_like_gitea", Session),              // Gitea, Forgejo
    ("i_like_forgejo", Session),            // Forgejo
    ("i_like_gogs", Session),               // Gogs
    ("i_like_gogits", Session),             // Gogs, before 2018
    ("gitea_incredible", Session),          // Gitea, Forgejo: remembers the user
    ("gitea_awesome", Other),               // Gitea: the name of the user
    ("gogs_incredible", Session),           // Gogs: remembers the user
    ("GerritAccount*", Session),            // Gerrit
    ("kallithea", Session),                 // Kallithea
    ("rhodecode", Session),                 // RhodeCode
    ("fossil-*", Session),                  // Fossil
    ("sgs", Session),                       // Sourcegraph
    ("lobster_trap", Session),              // Lobsters
    ("known_sign_in", Other),               // GitLab

    // Content management, shops and forums.
    ("wordpress_logged_in_*", Session),     // WordPress
    ("wordpress_sec_*", Session),           // WordPress
    ("wordpress_#", Session),               // WordPress
    ("#", Session),                         // Joomla
    ("joomla_remember_me_*", Session),      // Joomla
    ("joomla_user_state", Other),           // Joomla
    ("fe_typo_user*", Session),             // TYPO3
    ("be_typo_user*", Session),             // TYPO3
    ("ghost-members-ssr", Session),         // Ghost
    ("ghost-members-ssr.sig", Session),     // Ghost
    ("UMB_UCONTEXT*", Session),             // Umbraco
    (".DOTNETNUKE", Session),               // DNN
    ("sitecore_userticket", Session),       // Sitecore
    ("DomAuthSessId", Session),             // HCL Domino
    ("PrestaShop-*", Session),              // PrestaShop
    ("acceleratorSecureGUID", Session),     // SAP Commerce
    ("frontend", Session),                  // Magento 1
    ("admin", Session),                     // Magento 2, for its administrators
    ("om_frontend", Session),               // OpenMage
    ("Secure_customer_sig", Session),       // Shopify
    ("JTLSHOP", Session),                   // JTL-Shop
    ("glt_*", Session),                     // SAP Customer Data Cloud
    ("_jumpcloud_user_console_", Session),  // JumpCloud
    ("CONCRETE5", Session),                 // Concrete CMS
    ("CONCRETE", Session),                  // Concrete CMS 9
    ("wordpress_rec_#", Session),           // WordPress: the recovery mode
    ("Typo3InstallTool", Session),          // TYPO3
    ("s9y_#", Session),                     // Serendipity
    ("alc_enc", Session),                   // Silverstripe: remembers the user
    ("dcxd", Session),                      // Dotclear
    ("wire_challenge", Session),            // ProcessWire
    ("wires_challenge", Session),           // ProcessWire
    ("BITRIX_SM_UIDH", Session),            // 1C-Bitrix: remembers the user
    ("PUBLICCMS_USER", Session),            // PublicCMS
    ("PUBLICCMS_ADMIN", Session),           // PublicCMS
    ("adminhtml", Session),                 // Magento 1, for its administrators
    ("oscomid", Session),                   // osCommerce
    ("zenAdminID", Session),                // Zen Cart
    ("ceid", Session),                      // CE Phoenix Cart
    ("cepcAdminID", Session),               // CE Phoenix Cart
    ("AC_SF_*", Session),                   // AbanteCart
    ("AC_CP_*", Session),                   // AbanteCart, for its administrators
    ("eccube", Session),                    // EC-CUBE
    ("SHOPWAREBACKEND", Session),           // Shopware 5
    (".Nop.Customer", Session),             // nopCommerce: a guest
    ("WC_USERACTIVITY_*", Session),         // HCL Commerce
    ("WC_SESSION_ESTABLISHED", Other),      // HCL Commerce: a flag
    ("WHMCS*", Session),                    // WHMCS
    ("WHMCSAffiliateID", Other),            // WHMCS
    ("Vanilla", Session),                   // Vanilla Forums
    ("Vanilla-Volatile", Session),          // Vanilla Forums
    ("xf_tfa_trust", Session),              // XenForo: skips the second factor
    ("Friendica", Session),                 // Friendica
    ("Elgg", Session),                      // Elgg
    ("elggperm", Session),                  // Elgg: remembers the user
    ("LithiumUserSecure", Session),         // Khoros Community
    ("pwg_id", Session),                    // Piwigo
    ("AjaXplorer*", Session),               // Pydio
    ("shaarli", Session),                   // Shaarli
    ("shaarli_staySignedIn", Session),      // Shaarli
    ("yourls_*", Session),                  // YOURLS
    ("authentication_data", Other),         // Discourse: scripts read it
    ("loginnotify_prevlogins", Other),      // MediaWiki: known devices
    ("bbpassword", Session),                // vBulletin
    ("bb_password", Session),               // vBulletin
    ("zenid", Session),                     // Zen Cart
    ("xf_user", Session),                   // XenForo
    ("mybbuser", Session),                  // MyBB
    ("SMFCookie*", Session),                // Simple Machines Forum
    ("pun_cookie*", Session),               // FluxBB
    ("forum_cookie_*", Session),            // PunBB
    ("DokuWiki", Session),                  // DokuWiki
    ("DW#", Session),                       // DokuWiki
    ("_t", Session),                        // Discourse
    ("grav-site*", Session),                // Grav
    ("wire", Session),                      // ProcessWire
    ("wires", Session),                     // ProcessWire, over HTTPS
    ("mt_user", Session),                   // Movable Type
    ("mage-cache-sessid", Other),           // Magento: clears the page's own storage

    // Learning platforms.
    ("SAKAIID", Session),                   // Sakai
    ("BbRouter", Session),                  // Blackboard Learn
    ("mahara", Session),                    // Mahara
    ("ATutorID", Session),                  // ATutor
    ("RosarioSIS", Session),                // RosarioSIS
    ("WeBWorKCourseAuthen.*", Session),     // WeBWorK
    ("edx-jwt-cookie-header-payload", Other), // Open edX: scripts read it, and the signature is in another cookie

    // Operations, mail and network devices.
    ("phpMyAdmin", Session),                // phpMyAdmin
    ("phpMyAdmin_https", Session),          // phpMyAdmin
    ("unifises", Session),                  // UniFi
    ("splunkd_*", Session),                 // Splunk
    ("SVPNCOOKIE", Session),                // FortiGate
    ("webvpn", Session),                    // Cisco AnyConnect
    ("LastMRH_Session", Session),           // F5 BIG-IP APM
    ("NSC_AAAC", Session),                  // NetScaler Gateway
    ("NSC_TMAA", Session),                  // NetScaler AAA
    ("NSC_TMAS", Session),                  // NetScaler AAA
    ("cadata", Session),                    // Outlook on the web
    ("0xHIGHFLYxSOGo", Session),            // SOGo
    ("Horde", Session),                     // Horde
    ("Icingaweb2", Session),                // Icinga Web 2
    ("nagiosxi", Session),                  // Nagios XI
    ("MANTIS_STRING_COOKIE", Session),      // Mantis
    ("OTRSAgentInterface*", Session),       // OTRS, Znuny
    ("OTRSCustomerInterface", Session),     // OTRS, Znuny
    ("KB_RM", Session),                     // Kanboard: remembers the user
    ("glpi_#", Session),                    // GLPI
    ("semaphore", Session),                 // Semaphore UI
    ("unraid_#", Session),                  // Unraid
    ("itop-#", Session),                    // iTop
    ("ssn", Session),                       // OpenShift 3
    ("groupoffice", Session),               // Group-Office
    ("VW_ADMIN", Session),                  // Vaultwarden
    ("FreshRSS", Session),                  // FreshRSS
    ("cacti_remembers", Session),           // Cacti
    ("Cacti", Session),                     // Cacti
    ("OCTOPUS1813713946", Session),         // PRTG
    ("phpipam", Session),                   // phpIPAM
    ("gophish", Session),                   // Gophish
    ("pl_ssti", Session),                   // Puppet Enterprise
    ("PPA_ID", Session),                    // phpPgAdmin
    ("adminer_key", Session),               // Adminer: the key of the stored passwords
    ("adminer_permanent", Session),         // Adminer: the encrypted passwords
    ("strapi_admin_refresh", Session),      // Strapi
    ("BWRS_ADMIN", Session),                // Vaultwarden, before 2021
    ("passbolt_mfa", Session),              // Passbolt: the second factor
    ("cockpit", Session),                   // Cockpit
    ("machine-cockpit+*", Session),         // Cockpit
    ("AIROS_*", Session),                   // Ubiquiti airOS
    ("glide_user", Session),                // ServiceNow: remembers the user
    ("seraph.confluence", Session),         // Confluence: remembers the user
    ("seraph.bamboo", Session),             // Bamboo: remembers the user
    ("seraph.os.cookie", Session),          // Jira, before 5: remembers the user
    ("OpenEMR", Session),                   // OpenEMR
    ("PortalOpenEMR", Session),             // OpenEMR
    ("open-xchange-secret-*", Session),     // Open-Xchange
    ("KOPANO_WEBAPP", Session),             // Kopano
    ("cadataKey", Session),                 // Outlook on the web
    ("cadataIV", Session),                  // Outlook on the web
    ("cadataSig", Session),                 // Outlook on the web
    ("horde_secret_key", Session),          // Horde
    ("smaccount", Session),                 // SnappyMail
    ("smadditional", Session),              // SnappyMail
    ("smremember", Session),                // SnappyMail
    ("icingaweb2-session", Other),          // Icinga Web 2: a time
    ("login_domain", Other),                // OpenStack Horizon: the name of the domain
    ("SignOnDefault", Other),               // PeopleSoft: the name of the user
    ("jive.login.ts", Other),               // Jive: a time
    ("rememberUn", Other),                  // Salesforce: a flag
    ("auth.strategy", Other),               // Nuxt Auth: the way to sign in
    ("G_AUTHUSER_H", Other),                // Google: the number of the account
    ("authuser", Other),                    // Google: the number of the account
    ("meteor_login_token_expires", Other),  // Meteor

    // Analytics and other programs that use the word `session` for visits.
    ("_ga_*", Other),                       // Google Analytics
    ("_gat_*", Other),                      // Google Analytics
    ("_hj*", Other),                        // Hotjar
    ("_pk_*", Other),                       // Matomo
    ("_sp_ses*", Other),                    // Snowplow
    ("ai_session", Other),                  // Azure Application Insights
    ("s_sess", Other),                      // Adobe Analytics
    ("kndctr_*", Other),                    // Adobe Experience Platform
    ("ab.storage.sessionId.*", Other),      // Braze
    ("ABTastySession", Other),              // AB Tasty
    ("AMP_TOKEN", Other),                   // Google Analytics
    ("am_tokens*", Other),                  // Mediavine
    ("mv_tokens*", Other),                  // Mediavine
    ("mediavine_session", Other),           // Mediavine
    ("amplitude_session*", Other),          // Amplitude
    ("BCSessionID", Other),                 // BlueConic
    ("BVBRANDSID", Other),                  // Bazaarvoice
    ("BVSID", Other),                       // Bazaarvoice
    ("compass_sid", Other),                 // Marfeel
    ("didomi_token", Other),                // Didomi: consent
    ("DigiTrust.v1.identity", Other),       // DigiTrust
    ("DotMetrics.*", Other),                // DotMetrics
    ("DotomiSession_*", Other),             // Dotomi
    ("dtm_token*", Other),                  // Dotomi
    ("_dyjsession", Other),                 // Dynamic Yield
    ("everest_session_v2", Other),          // Adobe Advertising
    ("forterToken", Other),                 // Forter
    ("__insp_*", Other),                    // Inspectlet
    ("intercom-session-*", Other),          // Intercom: scripts read it
    ("msToken", Other),                     // TikTok
    ("omnisendSessionID", Other),           // Omnisend
    ("optimizelySession*", Other),          // Optimizely
    ("_parsely_session", Other),            // Parse.ly
    ("QSI_*", Other),                       // Qualtrics
    ("rl_session", Other),                  // RudderStack
    ("rl_auth_token", Other),               // RudderStack
    ("sbjs_session", Other),                // Sourcebuster
    ("sd_identity", Other),                 // Vimeo
    ("sensorsdata2015session", Other),      // Sensors Data
    ("sqzl_session_id", Other),             // Squeezely
    ("__stripe_sid", Other),                // Stripe: against fraud
    ("taboola_session_id", Other),          // Taboola
    ("_tb_sess_r", Other),                  // Taboola
    ("TCSESSION", Other),                   // Command Act
    ("ttcsid*", Other),                     // TikTok
    ("_uetsid*", Other),                    // Microsoft Advertising
    ("yabs-sid", Other),                    // Yandex
    ("visid_incap_*", Other),               // Imperva
    ("cookiesession1", Other),              // FortiWeb
    ("TAsessionID", Other),                 // TrustArc: consent
    ("SL_C_*", Other),                      // Smartlook
    ("_gd_session", Other),                 // 6sense
    ("ai_authUser", Other),                 // Azure Application Insights
    ("crisp-client/*", Other),              // Crisp: scripts read it
    ("wcsid", Other),                       // Olark
    ("LPSID-*", Other),                     // LivePerson
    ("wisepops_session", Other),            // Wisepops
    ("__attentive_session_id", Other),      // Attentive
    ("4TellSession", Other),                // 4-Tell
    ("trbo_session", Other),                // trbo
    ("_leaddyno_session", Other),           // LeadDyno
    ("bSession", Other),                    // Wix: measures its speed
    ("_wix_browser_sess", Other),           // Wix: measures its speed
    ("fedops.logger.sessionId", Other),     // Wix: measures its speed
    ("_zdsession_talk_embeddables_service", Other), // Zendesk: stickiness
    ("ROLLOUT_TOKEN", Other),               // YouTube
    ("aws-csds-token", Other),              // Amazon Web Services: statistics
    ("lihc_auth_*", Other),                 // LinkedIn: a time
    ("sessionFunnelEventLogged", Other),    // Pinterest
    ("XDEBUG_*", Other),                    // Xdebug
];

/// Returns the kind from the row with the longest pattern that matches the name. Also recognises names that products
/// generate.
pub(super) fn find(name: &[u8]) -> Option<NameKind> {
    if is_nextcloud_instance(name) || is_phpbb_key(name) || is_processwire(name) || has_known_end(name) {
        return Some(Session);
    }
    if is_mediawiki_visit(name) {
        return Some(Other);
    }
    find_row(name).map(|(_, kind)| *kind)
}

/// Returns true for a name such as `phpbb3_ab12c_k`. phpBB remembers the user in a cookie whose name begins with the
/// board's own prefix and ends with `_k`.
fn is_phpbb_key(name: &[u8]) -> bool {
    starts_with(name, b"phpbb", true) && name.ends_with(b"_k")
}

/// Returns true for a name such as `pw512` or `pw512_challenge`. The installer of ProcessWire makes the name of the
/// session cookie from a random number with up to three digits. A second cookie, whose name ends with `_challenge`,
/// contains a secret.
fn is_processwire(name: &[u8]) -> bool {
    let Some(rest) = name.strip_prefix(b"pw") else { return false };
    let rest = rest.strip_suffix(b"_challenge").unwrap_or(rest);
    let digits = rest.strip_suffix(b"s").unwrap_or(rest);
    (1..=3).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

/// Returns true if the end of the name is typical of one product's session cookies. The start of the name varies: the
/// start is the name of an application, a mailing list or a client.
fn has_known_end(name: &[u8]) -> bool {
    // The ends of names in Bubble and GNU Mailman 2.
    let ends = [&b"_u1main"[..], b"_u2main", b"+admin", b"+moderator"];
    let is_cognito = || name.starts_with(b"CognitoIdentityServiceProvider.") && name.ends_with(b"Token");
    ends.iter().any(|end| name.len() > end.len() && name.ends_with(end)) || is_cognito()
}

/// Returns true for a name such as `enwikimwuser-sessionId`. The scripts of MediaWiki set a cookie with this name to
/// count visits. The session cookie of MediaWiki is `enwikiSession`.
fn is_mediawiki_visit(name: &[u8]) -> bool {
    name.ends_with(b"mwuser-sessionId") || name.ends_with(b"el-sessionId")
}

/// Returns the row with the longest pattern that matches the name.
pub(super) fn find_row(name: &[u8]) -> Option<&'static Row> {
    // Comparing the first letter is fast, and leaves few rows for the full comparison. The pattern `#` has no letter.
    let first = name.first()?.to_ascii_lowercase();
    let begins =
        |pattern: &[u8]| pattern.first().is_some_and(|letter| *letter == b'#' || letter.to_ascii_lowercase() == first);
    let is_match = |(pattern, _): &&Row| begins(pattern.as_bytes()) && matches(pattern.as_bytes(), name);
    TABLE.iter().filter(is_match).max_by_key(|(pattern, _)| pattern.len())
}

fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match pattern {
        [start @ .., b'*'] => starts_with(name, start, true),
        [start @ .., b'#'] => {
            let tail = name.get(start.len()..).unwrap_or_default();
            starts_with(name, start, true) && tail.len() == 32 && tail.iter().all(u8::is_ascii_hexdigit)
        }
        _ => is_equal(name, pattern, true),
    }
}

/// Returns true for a name such as `oc8xkqv2m1zp`. In Nextcloud and ownCloud, the name of the session cookie is `oc`
/// and ten small letters or digits, which identify the instance.
fn is_nextcloud_instance(name: &[u8]) -> bool {
    let Some(id @ [_, _, _, _, _, _, _, _, _, _]) = name.strip_prefix(b"oc") else { return false };
    id.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) && id.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::{TABLE, find, matches};
    use crate::session_names::NameKind::{Other, Session, SignInState};

    #[test]
    fn rows_are_unique_and_reachable() {
        let mut patterns: Vec<_> = TABLE.iter().map(|(pattern, _)| pattern.to_ascii_lowercase()).collect();
        patterns.sort_unstable();
        patterns.dedup();
        assert_eq!(patterns.len(), TABLE.len());
        for (pattern, kind) in TABLE {
            let wild = |pattern: &str| pattern.find(['*', '#']).is_none_or(|at| at == pattern.len() - 1);
            assert!(wild(pattern), "{pattern}");
            let name = pattern.replace('*', "x").replace('#', &"0a".repeat(16));
            assert_eq!(find(name.as_bytes()), Some(*kind), "{pattern}");
        }
    }

    #[test]
    fn longest_pattern_decides() {
        assert_eq!(find(b".AspNetCore.Identity.Application"), Some(Session));
        assert_eq!(find(b".AspNetCore.Correlation.x"), Some(SignInState));
        assert_eq!(find(b".aspnetcore.culture"), Some(Other));
        assert_eq!(find(b".AspNetCore.Culture2"), Some(Session));
        assert_eq!(find(b"theme"), None);
    }

    #[test]
    fn hexadecimal_tails_have_32_digits() {
        let digits = "0123456789abcdef0123456789ABCDEF";
        assert!(matches(b"DW#", std::format!("DW{digits}").as_bytes()));
        for other in [std::format!("DW{digits}0"), std::format!("DW{}", &digits[1..]), "DW".into(), "D".into()] {
            assert!(!matches(b"DW#", other.as_bytes()), "{other}");
        }
        assert!(!matches(b"DW#", b"DW0123456789abcdef0123456789abcdeg"));
    }

    #[test]
    fn keys_of_phpbb_end_alike() {
        assert_eq!(find(b"phpbb3_ab12c_k"), Some(Session));
        assert_eq!(find(b"phpbb_k"), Some(Session));
        assert_eq!(find(b"phpbb3_ab12c_u"), None);
        assert_eq!(find(b"board_k"), None);
    }

    #[test]
    fn sessions_of_processwire_have_three_digits() {
        for name in ["pw5", "pw512", "pw512s", "pw512_challenge", "pw512s_challenge"] {
            assert_eq!(find(name.as_bytes()), Some(Session), "{name}");
        }
        for other in ["pw", "pws", "pwa", "pw1234", "pw512_theme", "pw_challenge"] {
            assert_eq!(find(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn ends_of_names_are_known() {
        for name in
            ["shop_live_u2main", "shop_u1main", "news+admin", "CognitoIdentityServiceProvider.ab.me.accessToken"]
        {
            assert_eq!(find(name.as_bytes()), Some(Session), "{name}");
        }
        for other in ["_u2main", "+admin", "u2main", "news+user", "CognitoIdentityServiceProvider.ab.LastAuthUser"] {
            assert_eq!(find(other.as_bytes()), None, "{other}");
        }
        for other in ["mwuser-sessionId", "enwikimwuser-sessionId", "enwikiel-sessionId"] {
            assert_eq!(find(other.as_bytes()), Some(Other), "{other}");
        }
        assert_eq!(find(b"mwuser-sessionId2"), None);
    }

    #[test]
    fn nextcloud_instances_have_a_digit() {
        assert_eq!(find(b"oc8xkqv2m1zp"), Some(Session));
        for other in [&b"octoberfests"[..], b"oc8xkqv2m1z", b"oc8xkqv2m1zpp", b"OC8xkqv2m1zp", b"oc8xkqv2m1zP"] {
            assert_eq!(find(other), None);
        }
    }
}
