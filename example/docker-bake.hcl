# The builds of the example, with everything that they take from the environment.
#
#   docker buildx bake                                        no store: the image serves its own files
#   RELEASE_VERSION=v1.2.3 STATIC_STORE=az://static ... docker buildx bake release --push
#   RELEASE_VERSION=v1.2.3 STATIC_STORE=az://static ... docker buildx bake publish-later
#   docker buildx bake release --print                        says what would be built

variable "IMAGE" {
  default = "lantern"
}
variable "RELEASE_VERSION" {
  default = ""
}
variable "STATIC_STORE" {
  default = ""
}
variable "STATIC_BASE_URL" {
  default = ""
}
variable "AZURE_STORAGE_ACCOUNT_NAME" {
  default = ""
}
variable "AWS_REGION" {
  default = ""
}

group "default" {
  targets = ["site"]
}

target "site" {
  context = "."
  tags    = ["${IMAGE}:${RELEASE_VERSION != "" ? RELEASE_VERSION : "local"}"]
}

target "_published" {
  args = {
    RELEASE_VERSION            = RELEASE_VERSION
    STATIC_STORE               = STATIC_STORE
    STATIC_BASE_URL            = STATIC_BASE_URL
    AZURE_STORAGE_ACCOUNT_NAME = AZURE_STORAGE_ACCOUNT_NAME
    AWS_REGION                 = AWS_REGION
  }
}

# Publishes while it builds, for each platform at the same time: the same files are one release.
target "release" {
  inherits  = ["site", "_published"]
  platforms = ["linux/amd64", "linux/arm64"]
  args = {
    # The publishing step runs in each build, whatever is cached.
    PUBLISH_NONCE = timestamp()
  }
  # Taken from the environment; one that isn't set is empty, and the build says what it misses.
  secret = [
    "id=AZURE_STORAGE_ACCOUNT_KEY,env=AZURE_STORAGE_ACCOUNT_KEY",
    "id=AZURE_STORAGE_SAS_TOKEN,env=AZURE_STORAGE_SAS_TOKEN",
    "id=AWS_ACCESS_KEY_ID,env=AWS_ACCESS_KEY_ID",
    "id=AWS_SECRET_ACCESS_KEY,env=AWS_SECRET_ACCESS_KEY",
    "id=AWS_SESSION_TOKEN,env=AWS_SESSION_TOKEN",
    "id=GOOGLE_BEARER_TOKEN,env=GOOGLE_BEARER_TOKEN",
    "id=GOOGLE_SERVICE_ACCOUNT_KEY,env=GOOGLE_SERVICE_ACCOUNT_KEY",
  ]
}

# Builds without a secret and without a network to the store; the image publishes what it carries.
target "publish-later" {
  inherits   = ["site", "_published"]
  dockerfile = "Dockerfile.publish-later"
}
