"""How programs write names, hosts, statuses and platforms into their errors. Each is bounded in what it may repeat."""

import re

_NAME = r"[A-Za-z0-9][\w.\-/:@+]{0,400}"
_QUOTED = r"[\"'](?P<name>[^\s\"'<>|]{1,400})[\"']"
_PULLED_BY = (
    r"(?:docker|podman|nerdctl|crictl|ctr|buildah)\s+(?:image\s+|images\s+|i\s+)?"
    r"(?:pull|run|create|push|manifest inspect)"
)
_OF_IMAGE = r"(?:image|image name|imageName|reference|ref|permission for|not present with|imageRef)"
_URL = r"https?://(?:[^\s/@]{1,200}@)?(?P<host>[\w.\-:\[\]]{1,260})"
_IN_URL = r"/v2/(?P<name>[\w.\-/]{1,400}?)/(?:manifests|tags|blobs)/(?P<target>[\w.:\-]{1,200})"
_IN_SCOPE = r"/[^\s\"]{0,200}?scope=repository(?:%3[Aa]|:)(?P<name>[\w.\-/%]{1,400}?)(?:%3[Aa]|:)"
# The first that gives a name decides; each is bounded in what it may repeat.
IMAGES = (
    re.compile(rf"\b{_OF_IMAGE}[ =:]{{1,3}}{_QUOTED}", re.I),
    re.compile(rf"docker://(?P<name>{_NAME})"),
    re.compile(rf"(?:manifest|access denied) for (?P<name>{_NAME})[, :]", re.I),
    re.compile(rf"metadata for (?P<name>{_NAME})"),
    re.compile(rf"failed to solve: (?!failed|rpc|process)(?P<name>{_NAME}): "),
    re.compile(rf"[Uu]nable to find image {_QUOTED}"),
    re.compile(rf"reading manifest (?P<tag>[\w.:-]{{1,140}}) in (?P<name>{_NAME})"),
    re.compile(rf"(?P<tag>[\w.-]{{1,128}}): Pulling from (?P<name>{_NAME})"),
    re.compile(_URL + _IN_URL),
    re.compile(_URL + _IN_SCOPE),
    re.compile(rf"\b{_PULLED_BY}(?:\s+--?[\w-]+(?:=\S{{1,100}})?){{0,8}}\s+(?P<name>{_NAME})"),
    re.compile(rf"\bcrane\s+(?:pull|digest|manifest|ls|config|copy|cp|validate)\s+(?P<name>{_NAME})"),
    re.compile(rf"(?:^|\s)FROM\s+(?:--platform=\S{{1,60}}\s+)?(?P<name>{_NAME})"),
    re.compile(rf"--from=(?P<name>[\w.\-]{{1,255}}/{_NAME})"),
    re.compile(rf"push refers to repository \[(?P<name>{_NAME})\]"),
    re.compile(rf"from flag value (?P<name>{_NAME}): "),
    re.compile(rf"^\s*cause\s+(?P<name>{_NAME}?)(?: does not exist| was not|: )"),
    re.compile(rf"^\s*(?P<name>{_NAME}) failed in stage "),
    re.compile(rf"\b(?:artifact|repository) (?P<name>{_NAME}) not found"),
    re.compile(rf"\b(?:[Pp]ulling|pull|Trying to pull|imported|pulling image) (?P<name>{_NAME}[:@/]{_NAME})"),
    re.compile(rf"\bimage(?:Name)?[\"']?\s{{0,2}}[=:]\s{{0,2}}(?P<name>[\w.\-]{{1,255}}[:/@]{_NAME})", re.I),
)
WORD = re.compile(
    r"(?<![\w./:@\-])[a-z0-9][\w.\-]{0,253}(?::\d{1,5})?/[\w.\-/]{1,300}(?::[\w.\-]{1,128}|@sha256:[0-9a-f]{64}){1,2}"
)
SOURCE_FILE = re.compile(r"\.(?:go|py|js|ts|java|rb|c|cc|rs|kt|sh|ya?ml|json):\d+$")
HOSTS = (
    re.compile(r"\blookup (?P<host>[\w.\-]{1,253})"),
    re.compile(r"https?://(?:[^\s/@]{1,200}@)?(?P<host>[\w.\-]{1,253}(?::\d{1,5})?)"),
    re.compile(r"\bthe name (?P<host>[\w.\-]{1,253}) does not resolve"),
    re.compile(r"\b(?:connect to|connection to|lead to|container registry) (?P<host>[\w.\-]{1,253}(?::\d{1,5})?)"),
    re.compile(r"\bresolve host:? (?P<host>[\w.\-]{1,253})"),
    re.compile(r"(?:^|[\s(\"'])(?P<host>[\w.\-]{1,253}\.[a-z]{2,24}(?::\d{1,5})?): (?:no such host|Name or service)"),
    re.compile(r"\bdial tcp (?P<host>[\d.]{7,15}:\d{1,5}|\[[0-9a-f:]{2,39}\]:\d{1,5})"),
    re.compile(
        r"^\s*(?:cause\s+|error: )?(?P<host>[\w.\-]{1,253}\.[a-z]{2,24}(?::\d{1,5})?) "
        r"(?:asks us|answered with|broke the|wants the)"
    ),
)
STATUSES = (
    re.compile(
        r"\b([45]\d\d) (?:unauthorized|forbidden|not found|too many|bad |internal|service|gateway|proxy"
        r"|precondition|payment|method)",
        re.I,
    ),
    re.compile(r"\bstatus(?: ?code)?(?: from registry)?[ :=\"]{1,3}([45]\d\d)\b", re.I),
    re.compile(r"-> ([45]\d\d)\b"),
    re.compile(r"\b(?:http|response|code)(?: status| response)?(?: code)?[ :=]{1,3}([45]\d\d)\b", re.I),
)
_SYSTEM = r"(?:linux|windows|darwin|freebsd)"
PLATFORM = re.compile(rf"\b({_SYSTEM}/(?:amd64|arm64|arm|386|s390x|ppc64le|riscv64|mips64le|loong64)(?:/v\d)?)\b")
HOST_PLATFORM = re.compile(rf"detected host platform \(({_SYSTEM}/\w{{2,9}}(?:/v\d)?)\)")
ARCHITECTURE = re.compile(r"for architecture \"?(\w{2,10})\"?(?:, variant \"(v\d)?\")?,? OS \"?(\w{2,10})\"?", re.I)
