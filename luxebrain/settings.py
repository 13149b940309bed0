"""The one settings file; every difference between machines is an environment variable."""

import os
from pathlib import Path

from luxebrain import env

# --- Who and where we are ---------------------------------------------------------------------
BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
DEBUG = env.flag("LUX_DEBUG")
DEMO = env.flag("LUX_DEMO")
RELEASE = env.text("LUX_RELEASE", "")  # what runs; without it `manage.py setup` takes the commit of the checkout
DATA_DIR = Path(env.text("LUX_DATA_DIR", str(BASE_DIR / "var"))).resolve()
LOGS_DIR = DATA_DIR / "logs"
MODELS_DIR = DATA_DIR / "models"
UPLOADS_DIR = DATA_DIR / "uploads"
RUN_DIR = DATA_DIR / "run"
for _directory in (LOGS_DIR, MODELS_DIR / "tenant_models", MODELS_DIR / "shared_models", UPLOADS_DIR, RUN_DIR):
    _directory.mkdir(parents=True, exist_ok=True)  # before logging opens its first file
BASE_URL = env.text("LUX_BASE_URL", "http://127.0.0.1:8000").rstrip("/")

# --- Security ---------------------------------------------------------------------------------
SECRET_KEY = env.text("LUX_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("LUX_SECRET_KEY_FALLBACKS")  # older ones, newest first; still read, never written
ALLOWED_HOSTS = env.words("LUX_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
_HTTPS = BASE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _HTTPS
SESSION_COOKIE_NAME = "__Host-session" if _HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _HTTPS else "csrf"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(alive|ready|health|startup)"]
if env.flag("LUX_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "https:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
# Origins ("http://127.0.0.1:9000") that may be asked although they are no public https servers.
OUTBOUND_ALLOWED = env.words("LUX_OUTBOUND_ALLOWED")
PERMISSIONS_POLICY = {name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")}
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 10}  # type: ignore[assignment]

# --- Apps and middleware ----------------------------------------------------------------------
INSTALLED_APPS = [
    "luxebrain.home",
    "anomalies",
    "recommendations",
    "modelregistry",
    "tenants",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "lucide",
]
if DEMO:
    INSTALLED_APPS.insert(0, "demo")
# The order is asserted by tests/house/test_middleware.py. Those named luxebrain.middleware.Panel…
# step aside for /api/, where a session, a CSRF token or a flash message has no place.
MIDDLEWARE = [
    "luxebrain.middleware.RequestIdMiddleware",
    "luxebrain.middleware.ErrorTrackingMiddleware",
    "luxebrain.middleware.PanelSecurityMiddleware",
    "luxebrain.middleware.PanelWhiteNoiseMiddleware",
    "luxebrain.middleware.PanelCSPMiddleware",
    "luxebrain.middleware.PanelXFrameOptionsMiddleware",
    "luxebrain.middleware.PanelPermissionsPolicyMiddleware",
    "luxebrain.middleware.PanelSessionMiddleware",
    "luxebrain.middleware.PanelCommonMiddleware",
    "luxebrain.middleware.PanelCsrfMiddleware",
    "luxebrain.middleware.PanelAuthenticationMiddleware",
    "luxebrain.middleware.PanelMessageMiddleware",
    "luxebrain.middleware.PanelHtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "luxebrain.middleware.ApiCorsMiddleware",
    "tenants.middleware.TenantMiddleware",
    "tenants.middleware.ApiKeyMiddleware",
    "luxebrain.middleware.RequestValidationMiddleware",
    "tenants.middleware.UsageTrackingMiddleware",
]
# What is left of them for calls with an API key (luxebrain/wsgi.py): all that do not step aside for such calls.
API_LAYERS = frozenset({
    "RequestIdMiddleware", "ErrorTrackingMiddleware", "ApiCorsMiddleware", "ApiKeyMiddleware",
    "RequestValidationMiddleware", "UsageTrackingMiddleware",
})  # fmt: skip
# Django looks for its own names; lux.E009 looks for ours. Framing is forbidden by the content policy.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003"]
ROOT_URLCONF = "luxebrain.urls"
WSGI_APPLICATION = "luxebrain.wsgi.application"
APPEND_SLASH = False  # routes answer exactly as documented; a redirect would lose a POST body
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["luxebrain.lib.uploads.ToDisk"]
MAX_UPLOAD_BYTES = env.number("LUX_MAX_UPLOAD_MB", 500) * 1024 * 1024  # of any plan; see Plan.file_megabytes

# --- People -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/account/login/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "tenants.account.adapter.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "tenants.account.forms.SignupForm"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = {"login_failed": ""}  # axes counts these, in rows that outlive the cache server
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a letter when the password or the second factor changes
MFA_ADAPTER = "tenants.account.second_factor.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "LuxeBrain"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours: the 15 minutes that the contract names
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "tenants.account.lockout.respond"
AXES_USERNAME_CALLABLE = "tenants.account.lockout.username"
AXES_DISABLE_ACCESS_LOG = True  # failures are kept (AccessAttempt); a row per successful sign-in is not needed
AXES_IPWARE_PROXY_COUNT = env.number("LUX_PROXY_COUNT", 0)
TRUSTED_PROXIES = env.number("LUX_PROXY_COUNT", 0)

# --- Pages ------------------------------------------------------------------------------------
_LOADERS = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [("django.template.loaders.cached.Loader", _LOADERS)],
                )
            ],
            "builtins": [
                "template_partials.templatetags.partials",
                "django_htmx.templatetags.django_htmx",
                "lucide.templatetags.lucide",
                "luxebrain.lib.markup",
                "django.templatetags.static",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "luxebrain.home.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "luxebrain.lib.forms.Renderer"
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"  # filled by collectstatic; until then files are served as they lie
STATIC_ROOT.mkdir(exist_ok=True)
_COLLECTED = (STATIC_ROOT / "staticfiles.json").exists()
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not _COLLECTED
_STATIC_BACKEND = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if _COLLECTED
    else "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": UPLOADS_DIR}},
    "staticfiles": {"BACKEND": _STATIC_BACKEND},
    "models": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": MODELS_DIR}},
}
# A bucket moves the artefacts of models there (docs/models-store.md); without keys boto3 looks for its own.
MODELS_S3_BUCKET = env.text("LUX_MODELS_S3_BUCKET")
if MODELS_S3_BUCKET:
    STORAGES["models"] = {
        "BACKEND": "modelregistry.s3.ModelsS3",
        "OPTIONS": {
            "bucket_name": MODELS_S3_BUCKET,
            "location": env.text("LUX_MODELS_S3_PREFIX", "models").strip("/"),
            "endpoint_url": env.text("LUX_MODELS_S3_ENDPOINT") or None,
            "region_name": env.text("LUX_MODELS_S3_REGION") or None,
            "access_key": env.text("LUX_MODELS_S3_ACCESS_KEY") or None,
            "secret_key": env.text("LUX_MODELS_S3_SECRET_KEY") or None,
        },
    }
MODELS_CACHE_DIR = Path(env.text("LUX_MODELS_CACHE_DIR", str(DATA_DIR / "models-cache"))).resolve()
MODELS_CACHE_BYTES = env.number("LUX_MODELS_CACHE_MB", 4096) * 1024 * 1024  # see modelregistry/hostcache.py
LANGUAGE_CODE = "en-gb"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# --- Data -------------------------------------------------------------------------------------
_CONNECTION = {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, "DISABLE_SERVER_SIDE_CURSORS": True}
DATABASES = {
    alias: env.database(env.text(variable, "postgres://lux_app@127.0.0.1:5432/luxebrain"), **_CONNECTION)
    for alias, variable in (
        ("default", "DATABASE_URL"),
        ("ops", "DATABASE_OPS_URL"),
        ("owner", "DATABASE_OWNER_URL"),
    )
}
for _alias in ("default", "ops"):
    DATABASES[_alias]["OPTIONS"].setdefault("connect_timeout", 2)  # type: ignore[union-attr,attr-defined]
DATABASE_ROUTERS = ["tenants.router.Router"]
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
BROKER_URL = env.text("BROKER_URL", REDIS_URL)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "dj",
        "OPTIONS": {"serializer": "luxebrain.lib.redis.JsonSerializer"},
    }
}

# --- Mail -------------------------------------------------------------------------------------
EMAIL_URL = env.text("LUX_EMAIL_URL", "file")
SLACK_API_URL = env.text("LUX_SLACK_API_URL", "https://slack.com/api").rstrip("/")
DEFAULT_FROM_EMAIL = env.text("LUX_EMAIL_FROM", "LuxeBrain <no-reply@luxebrain.example>")
if EMAIL_URL.startswith("smtp"):
    from urllib.parse import unquote, urlsplit

    _mail = urlsplit(EMAIL_URL)
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_USE_TLS, EMAIL_TIMEOUT = _mail.scheme == "smtp+tls", 10
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(DATA_DIR / "mail")

# --- Background work --------------------------------------------------------------------------
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = False  # safety lives in the rows, not in the broker
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TASK_TIME_LIMIT = env.number("LUX_TASK_SECONDS", 3600)
CELERY_TASK_SOFT_TIME_LIMIT = CELERY_TASK_TIME_LIMIT - 60
CELERY_WORKER_MAX_TASKS_PER_CHILD = 2000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 2_000_000  # kB; a child above it is replaced after its task
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": CELERY_TASK_TIME_LIMIT + 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 2,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
WORKER_HEARTBEAT = Path(env.text("LUX_WORKER_HEARTBEAT", str(RUN_DIR / "worker.heartbeat")))

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.permissions.KeyMay"],
    "DEFAULT_RENDERER_CLASSES": ["luxebrain.lib.rest.ORJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["luxebrain.lib.rest.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "luxebrain.lib.rest.OneAnswer",
    "DEFAULT_SCHEMA_CLASS": "tenants.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "luxebrain.lib.rest_errors.handle_exception",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LuxeBrain API",
    "DESCRIPTION": "Product recommendations, events and catalogue for web shops.\n\n"
    "**Keys.** Send a key as `Authorization: Bearer …`. A test key reads, and changes nothing.\n\n"
    "**Errors** are `application/problem+json` (RFC 9457): `code` is for programs, `detail` for people, `errors` names "
    "each field, `request_id` is what support asks for. Fields and parameters that are not described are refused.\n\n"
    "**Rows.** A call takes one row or up to 1,000. Each is answered by itself in `results`.\n\n"
    "**Retries.** Send an `Idempotency-Key` with a write, and sending it again does it once. 429 and 503 say in "
    "`Retry-After` when to come back.\n\n"
    "**Lists** come in pages: pass `next_cursor` as `cursor` until it is null.",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "PREPROCESSING_HOOKS": ["luxebrain.lib.openapi.without_aliases"],
    "POSTPROCESSING_HOOKS": [
        "luxebrain.lib.openapi.with_problems",
        "luxebrain.lib.openapi.with_exact_bodies",
    ],
}
# Which sites may use a publishable key is written in the key and checked by the gate; no cookie counts here.
CORS_ALLOW_ALL_ORIGINS = True
CORS_URLS_REGEX = r"^/api/v1/(recommendations|events).*$"
CORS_EXPOSE_HEADERS = [
    "X-Request-Id", "Idempotent-Replayed", "X-RateLimit-Limit", "X-RateLimit-Remaining", "Retry-After",
    "X-Plan-Calls",
]
CORS_ALLOW_HEADERS = ["authorization", "content-type", "x-api-key", "x-request-id", "idempotency-key"]

# --- What the product does --------------------------------------------------------------------
ISOLATED_STALE_DAYS = env.number("LUX_ISOLATED_STALE_DAYS", 3)  # an isolated model is trained every night
ISOLATION_GRACE_DAYS = env.number("LUX_ISOLATION_GRACE_DAYS", 30)  # its files after its end
COLD_START_ORDERS = env.number("LUX_COLD_START_ORDERS", 10)
RECOMMENDATION_CACHE_SECONDS = 3600
HISTORY_EVENTS = 50
# No plan gives a training more processor time for its search than this.
TRAINING_CPU_SECONDS = env.number("LUX_TRAINING_CPU_SECONDS", 3_000)
MODEL_NAME = "recommendation"

# --- Logs -------------------------------------------------------------------------------------
from luxebrain.lib.logs import configure  # noqa: E402  (the directories above must exist first)

LOG_CONSOLE = env.flag("LUX_LOG_CONSOLE", default=True)
LOGGING = configure(LOGS_DIR, level=env.text("LUX_LOG_LEVEL", "INFO"), console=LOG_CONSOLE)
SENTRY_DSN = env.text("SENTRY_DSN")
if SENTRY_DSN:
    import sentry_sdk

    sentry_sdk.init(dsn=SENTRY_DSN, release=VERSION, send_default_pii=False, include_local_variables=False)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # worker processes, not BLAS threads, use the cores
