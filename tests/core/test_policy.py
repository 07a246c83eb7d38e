"""What `policy` prints: judged by linters, by Amazon's documented rules, and by real traffic."""

import json
import shlex
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.api import lint_all

from static_releases.core import (
    address,
    discarding,
    inventory,
    pinning,
    planning,
    policy,
    pruning,
    publishing,
    retirement,
    verification,
)
from static_releases.core.errors import AccessDenied, InvalidSetting, ObjectExists
from static_releases.core.headers import for_path
from static_releases.core.policy import PURPOSES
from static_releases.core.retention import Rule
from static_releases.core.store import Store
from static_releases.core.target import Target
from tests import iam
from tests.conftest import MakeRelay
from tests.iam import Ask, allows
from tests.places import collect, open_store, some_files, write_tree
from tests.servers.moto import Moto
from tests.servers.seaweedfs import LIMITED, SeaweedFS
from tests.servers.serving import Place

KEY = "U0VDUkVUU0VDUkVUU0VDUkVU"
URLS = ("az://static/shop", "s3://static/shop", "gs://static/shop", "file:///srv/releases")
CREATE = {"s3:if-none-match": "*"}


def make(url: str, **arguments: Any) -> policy.Policy:
    options = {"account_name": "acme", "account_key": KEY} if url.startswith("az:") else {}
    return policy.make(Target(address=address.parse(url), options=options), **arguments)


def documents(url: str) -> dict[str, Any]:
    return {part.purpose: part.document for part in make(url).parts}


@pytest.mark.parametrize("url", URLS)
def test_every_store_has_every_part_and_no_secret(url: str) -> None:
    made = make(url)
    assert tuple(part.purpose for part in made.parts) == PURPOSES
    assert all(part.may for part in made.parts)
    assert KEY not in repr(made)
    assert any("age" in note for note in made.notes)


@pytest.mark.parametrize("url", URLS)
def test_a_shell_takes_every_command_as_it_is_meant(url: str) -> None:
    for part in make(url.replace("static/shop", "static/it's a$(shop)")).parts:
        for command in part.commands:
            shown = command.partition("   (")[0]
            subprocess.run(["sh", "-n", "-c", shown], check=True)
            if "--condition" in shown:
                assert "it" in shown
                assert not any(word.startswith("a$(shop)") for word in shlex.split(shown))


def test_a_store_in_memory_has_no_policy() -> None:
    with pytest.raises(InvalidSetting, match="memory"):
        make("memory:x")


@pytest.mark.parametrize(
    "arguments",
    [
        {"origins": ("https://www.example.com/path",)},
        {"origins": ("www.example.com",)},
        {"origins": ('"; rm -rf /',)},
        {"distribution": "E1ABCDEF"},
        {"distribution": "arn:aws:s3:::bucket"},
    ],
)
def test_a_wrong_argument_shows_what_is_expected(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting, match="expected"):
        make("s3://static", **arguments)


def test_a_distribution_is_cloudfronts_and_for_a_bucket() -> None:
    arn = "arn:aws:cloudfront::123456789012:distribution/E1ABCDEF"
    read, guard = make("s3://static/shop", distribution=arn).part("public").document["Statement"]
    assert read["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert read["Condition"] == {"StringEquals": {"AWS:SourceArn": arn}}
    assert (guard["Effect"], guard["Principal"]) == ("Deny", "*")
    with pytest.raises(InvalidSetting, match="S3"):
        make("gs://static", distribution=arn)


# -- S3 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["s3://static", "s3://static/shop", "s3://static/a*b%3F/${c}"])
def test_the_policies_of_s3_pass_amazons_own_schema(url: str) -> None:
    """cfn-lint knows every action, operator and rule of a policy."""
    made = documents(url)
    identities = {
        purpose.capitalize(): {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": made[purpose]},
        }
        for purpose in ("publish", "prune", "read")
    }
    public = {"Bucket": "static", "PolicyDocument": made["public"]}
    resources = identities | {"Public": {"Type": "AWS::S3::BucketPolicy", "Properties": public}}
    found = lint_all(json.dumps({"Resources": resources}))
    assert [str(match) for match in found if not match.rule.id.startswith("I")] == []


def s3(path: str, action: str, **context: str) -> Ask:
    named = {name.replace("__", ":").replace("_", "-"): value for name, value in context.items()}
    return Ask(action=f"s3:{action}", resource=f"arn:aws:s3:::static/{path}", context=named)


@pytest.mark.parametrize("purpose", ["publish", "prune", "read"])
def test_nobody_overwrites(purpose: str) -> None:
    made = documents("s3://static/shop")
    overwrite = s3("shop/v1/app.js", "PutObject")
    everything = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    assert not allows(overwrite, made[purpose])
    assert not allows(overwrite, everything, made["public"])
    if purpose != "read":
        # A denial holds whatever else the role is given.
        assert not allows(overwrite, everything, made[purpose])


@pytest.mark.parametrize(
    ("path", "publish", "prune"),
    [
        ("shop/v1/app.js", False, True),
        ("shop/_doctor/x.txt", False, True),
        ("shop/_releases/v1/seal-1.json", False, False),
        ("shop/_pins/production/000001.json", False, False),
        ("other/v1/app.js", False, False),
        ("shopping/v1/app.js", False, False),
    ],
)
def test_who_may_delete_what(path: str, publish: bool, prune: bool) -> None:  # noqa: FBT001
    made = documents("s3://static/shop")
    delete = s3(path, "DeleteObject")
    assert allows(delete, made["publish"]) == publish
    assert allows(delete, made["prune"]) == prune
    assert not allows(delete, made["read"])


@pytest.mark.parametrize(
    ("path", "publish"),
    [
        ("shop/v2/app.js", True),
        ("shop/_releases/v2/claim-1.json.gz", True),
        ("shop/_releases/v2/seal-1.json", True),
        ("shop/_releases/v1/cleared-1.json", True),
        ("shop/_releases/v1/retired-1.json", False),
        ("shop/_releases/v1/verdict-1.json", False),
        ("shop/_pins/production/000018.json", False),
        ("other/v2/app.js", False),
    ],
)
def test_who_publishes_decides_nothing_over_what_is_published(
    path: str,
    publish: bool,  # noqa: FBT001
) -> None:
    made = documents("s3://static/shop")
    create = Ask(action="s3:PutObject", resource=f"arn:aws:s3:::static/{path}", context=CREATE)
    assert allows(create, made["publish"]) == publish
    assert allows(create, made["prune"]) == path.startswith("shop/")
    assert not allows(create, made["read"])


@pytest.mark.parametrize("purpose", ["publish", "prune", "read"])
def test_a_listing_stays_below_the_prefix(purpose: str) -> None:
    document = documents("s3://static/a*b")[purpose]

    def may_list(prefix: str | None) -> bool:
        context = {} if prefix is None else {"s3:prefix": prefix}
        ask = Ask(action="s3:ListBucket", resource="arn:aws:s3:::static", context=context)
        return allows(ask, document)

    assert may_list("a*b/")
    assert may_list("a*b/_releases/v1/")
    assert not any(may_list(prefix) for prefix in (None, "", "a", "axb/", "a*bc/"))


def test_a_prefix_is_meant_letter_by_letter() -> None:
    document = documents("s3://static/a*b%3F")["read"]
    assert allows(s3("a*b?/v1/x", "GetObject"), document)
    assert not allows(s3("aXbY/v1/x", "GetObject"), document)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_a_bucket_is_named_in_its_partition(region: str, partition: str) -> None:
    target = Target(address=address.parse("s3://static"), options={"region": region})
    document = policy.make(target).part("read").document
    assert document["Statement"][0]["Resource"] == [f"arn:{partition}:s3:::static"]


def test_amazons_own_client_takes_the_documents(moto: Moto) -> None:
    """It checks every field of CORS rules; moto's IAM checks the grammar of policies."""
    keys = {"aws_access_key_id": "TESTS", "aws_secret_access_key": "any"}
    where = {"endpoint_url": moto.origin, "region_name": "us-east-1", **keys}
    bucket, name = f"t-{uuid.uuid4().hex[:12]}", f"static-releases-{uuid.uuid4().hex[:12]}"
    made = {p: make(f"s3://{bucket}/shop").part(p).document for p in PURPOSES}
    s3, iam_client = boto3.client("s3", **where), boto3.client("iam", **where)
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(made["public"]))
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=made["cors"])
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == made["cors"]["CORSRules"]
    for purpose in ("publish", "prune", "read"):
        document = json.dumps(made[purpose])
        assert iam_client.create_policy(PolicyName=f"{name}-{purpose}", PolicyDocument=document)


def test_a_publication_asks_for_nothing_that_its_policy_denies(
    make_place: Callable[[str], Place], relay: MakeRelay, tmp_path: Path
) -> None:
    """Real traffic, first and repeated, resumed and discarded, judged request by request."""
    place = make_place("s3")
    between = relay(place)
    store = Store(address.parse(place.url), place.through(between.origin).options)
    tree = collect(write_tree(tmp_path, some_files(9)))
    publishing.publish(store, "v1", tree, by="a test")
    publishing.publish(store, "v1", tree, by="a test")
    planned = planning.plan(store, "v2", tree.manifest)
    publishing._claim(store, planned, "a test")
    path = "app0/file-0.js"
    store.create(f"v2/{path}", (tmp_path / path).read_bytes(), for_path(path))
    publishing.publish(store, "v2", tree, by="a test")
    asked = {iam.asks(request).action: iam.asks(request) for request in between.requests}
    document = documents(place.url)["publish"]
    denied = [r for r in between.requests if not allows(iam.asks(r), document)]
    assert denied == []
    assert asked.keys() == {"s3:ListBucket", "s3:GetObject", "s3:PutObject"}


def test_pruning_and_all_before_it_ask_for_nothing_that_their_policy_denies(
    make_place: Callable[[str], Place], relay: MakeRelay, tmp_path: Path
) -> None:
    place = make_place("s3")
    between = relay(place)
    live_through(Store(address.parse(place.url), place.through(between.origin).options), tmp_path)
    document = documents(place.url)["prune"]
    bucket, _, prefix = place.url.removeprefix("s3://").partition("/")
    # A bulk delete names its keys in its body, which a relay doesn't keep.
    bulk = [r for r in between.requests if r.kind == "delete" and r.method == "POST"]
    assert bulk
    assert {r.key for r in bulk} == {f"/{bucket}"}
    asked = [iam.asks(r) for r in between.requests if r not in bulk]
    assert [ask for ask in asked if not allows(ask, document)] == []
    left = {stored.key for stored in open_store(place).objects("")}
    assert all(key.startswith(("_releases/", "_pins/", "v2/")) for key in left)
    assert allows(s3(f"{prefix}/v1/app0/file-0.js", "DeleteObject"), document)


def live_through(store: Store, directory: Path) -> None:
    """Do everything to releases that whoever prunes may do."""
    for version in ("v1", "v2", "v3"):
        tree = collect(write_tree(directory / version, some_files(4, seed=version)))
        if version == "v3":
            publishing._claim(store, planning.plan(store, version, tree.manifest), "a test")
            store.create("v3/app0/file-0.js", b"", for_path("x.js"))
        else:
            publishing.publish(store, version, tree, by="a test")
    pinning.pin(store, "production", "v2", by="a test")
    retirement.mark(store, inventory.history(store, "v2"), why="a test", by="a test")
    pinning.pin(store, "production", "v2", by="a test")
    discarding.discard(store, "v3", by="a test")
    rule = Rule(keep=1, grace_days=0)
    outcomes = list(pruning.prune(store, pruning.look(store, rule), by="a test"))
    assert [(o.version, o.did) for o in outcomes] == [("v1", "deleted")]
    assert verification.verify(store, "v2", depth="deep").differences == ()


def test_seaweedfs_keeps_to_the_policy_of_publish_as_far_as_it_knows_it(
    seaweedfs: SeaweedFS, tmp_path: Path
) -> None:
    """It evaluates actions, resources, prefixes and denials, but no ``s3:if-none-match``."""
    where = address.parse(f"{seaweedfs.store_url}/{LIMITED}")
    store = Store(where, seaweedfs.as_publisher())
    version = f"v-{uuid.uuid4().hex}"
    tree = collect(write_tree(tmp_path, some_files(5)))
    assert publishing.publish(store, version, tree, by="a test").uploaded == 5
    assert publishing.publish(store, version, tree, by="a test").uploaded == 0
    for key in (f"{version}/app0/file-0.js", f"_releases/{version}/seal-1.json"):
        with pytest.raises(ObjectExists):
            store.create(key, b"other", for_path(key))
        with pytest.raises(AccessDenied):
            store.delete([key])
        assert store.read(key) != b"other"
    for key in (f"_releases/{version}/retired-1.json", "_pins/production/000001.json"):
        with pytest.raises(AccessDenied):
            store.create(key, b"{}", for_path(key))
    outside = Store(address.parse(seaweedfs.store_url), seaweedfs.as_publisher())
    with pytest.raises(AccessDenied):
        list(outside.objects(""))
    with pytest.raises(AccessDenied):
        outside.create(f"other/{version}.txt", b"", for_path("x.txt"))


def test_seaweedfs_denies_every_write_under_the_condition_which_it_does_not_know(
    seaweedfs: SeaweedFS,
) -> None:
    """The docs say so: where this fails, it has learned it, and they are to be changed."""
    where = address.parse(f"{seaweedfs.store_url}/{LIMITED}")
    store = Store(where, seaweedfs.as_conditional_publisher())
    with pytest.raises(AccessDenied):
        store.create(f"v-{uuid.uuid4().hex}/app.js", b"", for_path("app.js"))
    assert list(store.objects(f"v-{uuid.uuid4().hex}")) == []


# -- Google --------------------------------------------------------------------------------------


def test_publishing_to_google_needs_no_delete_which_overwriting_does() -> None:
    made = documents("gs://static/shop")
    assert made["publish"]["includedPermissions"] == [
        "storage.objects.create", "storage.objects.get", "storage.objects.list",
    ]  # fmt: skip
    assert "storage.objects.delete" in made["prune"]["includedPermissions"]
    assert made["cors"] == [
        {
            "origin": ["*"],
            "method": ["GET", "HEAD"],
            "responseHeader": ["Content-Type"],
            "maxAgeSeconds": 86400,
        }
    ]


def test_google_spares_the_history_from_whoever_prunes() -> None:
    command = make("gs://static/shop").part("prune").commands[-1]
    objects = "projects/_/buckets/static/objects/shop"
    for folder in ("_releases", "_pins"):
        assert f'!resource.name.startsWith("{objects}/{folder}/")' in command


# -- Azure ---------------------------------------------------------------------------------------


def test_no_role_of_azure_may_write_which_is_to_overwrite() -> None:
    for purpose, deletes in (("publish", False), ("prune", True), ("read", False)):
        actions = documents("az://static")[purpose]["DataActions"]
        assert not any(action.endswith("/write") for action in actions)
        assert any(action.endswith("/delete") for action in actions) == deletes
