"""What vendors' credentials look like: prefixes, fixed shapes, names. Decides nothing.

From the vendors' public documentation as we know it. A prefix here needs no other sign than a body that does not read
as words, so it must be one that ordinary identifiers do not begin with.
"""

from __future__ import annotations

import re

from bot.core.redaction.folding import pattern

_PREFIXES = """
    AKIA ASIA ABIA ACCA AROA AIDA ABSK amzn.mws. Atza| Atzr|
    LTAI AKID AKLT ALTAK- bce-v3/
    AIza ya29. GOCSPX- 1//0
    ghp_ gho_ ghu_ ghs_ ghr_ github_pat_
    glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- gloas- glsoat- glffct- glwt- GR1348941
    xoxa- xoxb- xoxc- xoxd- xoxe- xoxo- xoxp- xoxr- xoxs- xoxe.xoxb- xoxe.xoxp- xapp-
    sk-ant- sk-proj- sk-svcacct- sk-or- gsk_ xai- pplx- tvly- nvapi- r8_ hf_ api_org_ csk- rpa_ jina_
    npm_ pypi- rubygems_ CLOJARS_ dckr_pat_ dckr_oat_ crates_ cio_
    hvs. hvb. hvr. pul- HRKU- fo1_ fm1_ fm1a_ fm1r_ fm2_ nfp_ nfc_ nfo_ nfu_ vcp_ rnd_ sbp_ sb_secret_ tskey- dnkey-
    dop_v1_ doo_v1_ dor_v1_ pscale_pw_ pscale_tkn_ pscale_oauth_ dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit. scw_
    dapi dt0c01. dt0s01. dt0s16. glsa_ glc_ sntrys_ sntryu_ NRAK- NRII- NRJS- NRAA- NRRA- phc_ phx_ ddp_ ddw_
    dd_api_ ico-
    lin_api_ lin_oauth_ sgp_ slk_ ATATT3 ATCTT3 ATBB BBDC- CCIPAT_ sqp_ squ_ sqa_ pnu_ pnb_ PMAK- PMAT- AKCp cmVmdGtu
    shpat_ shpca_ shppa_ shpss_ shptka_ EZAK EZTK sq0atp- sq0csp- sq0idp- EAAA FLWSECK- FLWPUBK-
    FLWSECK_TEST- FLWPUBK_TEST- whsec_
    shippo_live_ shippo_test_ duffel_test_ duffel_live_ access-sandbox- access-development- access-production-
    SG. xkeysib- xsmtpsib- fio-u- tfp_ ntn_ figd_ rdme_ CFPAT- apify_api_ sm_pat_ sm_aat_ tk-us- tk-eu- api-key-
    AGE-SECRET-KEY-1 ops_ey sha256~ ZXlK eyJ AQVN s-s4t2ud- s-s4t2af- administrator_login_
"""
# What a vendor or a programmer puts before a key: sk_live_…, test_pub_…, key-…; the rest must be long.
_SPOKEN_PREFIX = (
    r"(?:(?:sk|pk|rk|key|pubkey|access|secret|token|api|auth|oauth|pat|live|test|prod|sandbox|private|priv)[_\-]){1,3}"
    r"(?:pub[_\-]|key[_\-])?(?=[A-Za-z0-9]{16})"
)
PREFIXED = pattern(
    rf"(?<![A-Za-z0-9_\-])(?:{'|'.join(re.escape(p) for p in _PREFIXES.split())}|{_SPOKEN_PREFIX})"
    r"(?P<body>[A-Za-z0-9_\-.=+/~|]{10,400})"
)

EXACT = pattern(
    r"(?<![A-Za-z0-9_\-])(?:"
    r"(?:SK|AC)[0-9a-fA-F]{32}"  # Twilio
    r"|SEC[0-9a-f]{64}"  # DingTalk robot
    r"|[0-9a-f]{32}-us\d{1,2}"  # Mailchimp
    r"|[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"  # MaxMind
    r"|s\.[A-Za-z0-9]{24}"  # Vault, old
    r"|\d{5,16}[:|%][A-Za-z0-9_\-]{26,60}"  # Telegram, Facebook
    r"|[A-Za-z0-9_~.\-]{3}\dQ~[A-Za-z0-9_~.\-]{30,40}"  # Azure
    r"|[A-Za-z\d_\-]{23,28}\.[\w\-]{6}\.[\w\-]{27,}"  # Discord bot
    r"|pat[A-Za-z0-9]{14}\.[0-9a-f]{64}|key(?=[A-Za-z]*\d)(?=[a-z\d]*[A-Z])[A-Za-z0-9]{14}"  # Airtable
    r"|[ps]at\.[A-Za-z0-9_\-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"  # Harness
    r"|[ps]k\.[A-Za-z0-9]{30,}\.[A-Za-z0-9_\-]{16,}"  # Mapbox
    r"|A3-[A-Z0-9]{6}(?:-[A-Z0-9]{5,11}){3,5}"  # 1Password
    r"|(?:t1\.[A-Z0-9a-z_\-]{2,}\.?|YC)[A-Za-z0-9_\-=]{38,}"  # Yandex
    r"|v1\.0-[0-9a-f]{24}-[0-9a-f]{100,}"  # Cloudflare origin CA
    r"|[a-z0-9]{14}\.atlasv1\.[A-Za-z0-9\-_=]{60,}"  # Terraform
    r"|EAA[A-Za-z0-9]{60,}"  # Facebook page
    r"|00(?=[A-Za-z_=\-]{0,20}\d)[A-Za-z0-9_=\-]{40}"  # Okta
    r"|4b1d[A-Za-z0-9]{38}"  # ClickHouse
    r"|sl\.[A-Za-z0-9\-=_]{100,}"  # Dropbox
    r"|oy2[a-z0-9]{43}"  # NuGet
    r"|A{20,}[A-Za-z0-9%]{40,}"  # Twitter bearer
    r"|[a-z0-9]{11,14}A{10}[A-Za-z0-9\-_=]{40,}"  # Dropbox, long-lived
    r"|[tu]-[A-Za-z0-9_\-]{36,}"  # Lark tenant and user tokens
    r")(?![A-Za-z0-9])"
)

ID_PREFIX = pattern(
    r"(?:o[mucnd]|img|file|msg|cid|req|request|resp|evt|event|trace|span|run|job|build|task|order|chat|chatcmpl|call"
    r"|cli|tbl"
    r"|rec|fld|doc\w{0,3}|item|cus|ch|pi|in|sub|prod|price|node|pod|commit|rev|sha\d*|md5|digest|etag|uuid|guid|id"
    r"|log|hash)"
    r"(?:_v\d)?[_\-:=.]"
    r"|ssh-|AAAA[BCE]3|\$:LWCP|cid[A-Za-z0-9+/]{16,}={0,2}$|Qm[1-9A-Za-z]{44}|0x[0-9a-f]",
    re.IGNORECASE,
)
"""How identifiers begin that look drawn by chance and open nothing."""

VENDORS = pattern(
    "adafruit|airtable|algolia|alibaba|aliyun|anthropic|artifactory|asana|atlassian|authress|azure|beamer|bitbucket"
    "|bittrex"
    "|braintree|buildkite|circleci|clojars|cloudflare|codecov|cohere|coinbase|confluen|contentful|databricks|datadog"
    "|deepseek"
    "|digitalocean|discord|doppler|dropbox|droneci|duffel|dynatrace|easypost|facebook|fastly|figma|finicity|finnhub"
    "|firebase"
    "|flickr|flutterwave|frameio|freshbooks|freemius|gitter|gocardless|grafana|heroku|hubspot|huggingface|infracost"
    "|intercom"
    "|jfrog|jumpcloud|kraken|kucoin|launchdarkly|linear|linked.?in|looker|mailchimp|mailgun|mapbox|mattermost"
    "|maxmind|meraki"
    "|message.?bird|moonshot|netlify|new.?relic|notion|nytimes|newyorktimes|octopus|onesignal|openai|opsgenie|pagerduty"
    "|perplexity|plaid|planetscale|postman|prefect|private.?ai|pulumi|pusher|rapidapi|rubygems|scaleway|sendbird"
    "|sendgrid"
    "|sendinblue|sentry|shippo|shodan|shopify|sidekiq|slack|snyk|sonar|sourcegraph|splunk|square|stripe|sumo|telegr"
    "|terraform"
    "|travis|trello|twilio|twitch|twitter|typeform|vault|vercel|volcengine|wechat|alipay|feishu|dingtalk|yandex"
    "|zendesk|zhipu"
    r"|(?<![a-z])(?:aws|gcp|okta|etsy|lob|npm|pypi|nuget|flyio|gitee|harness|readme|segment|qiniu|upyun|bark|amap"
    r"|tencent)(?![a-z])"
)
"""Names of vendors, in lower case."""
