"""A directory: Unix permissions, and what they can't promise."""

import shlex

from static_releases.core.policy.model import Part, Policy, Request

_NOT_ONCE = (
    "Unix knows no permission to create without overwriting: whoever may write into a folder may "
    "delete there too. Written once holds as far as this user is trusted."
)


def policy(request: Request) -> Policy:
    """Return what a directory needs: nothing in it is JSON."""
    folder = shlex.quote(request.address.container)
    own = f"install -d -o releases -g www-data -m 2750 {folder}"
    return Policy(
        store=str(request.address),
        parts=(
            Part(
                purpose="publish",
                may="list, read and create, as a user of its own",
                but=(_NOT_ONCE,),
                commands=("useradd --system --shell /usr/sbin/nologin releases", own),
            ),
            Part(
                purpose="prune",
                may="the same as publish, and delete: the same user",
                but=(_NOT_ONCE,),
            ),
            Part(
                purpose="read",
                may="list and read, as a member of the group",
                may_not="write",
                commands=("usermod --append --groups www-data READER",),
            ),
            Part(
                purpose="public",
                may="what the web server shows; it reads as www-data",
                may_not="write",
            ),
            Part(
                purpose="cors",
                may="pages of these origins, if the web server says so; with nginx: "
                + " ".join(
                    f"add_header Access-Control-Allow-Origin {origin} always;"
                    for origin in request.origins
                ),
            ),
        ),
        notes=(
            "Publish with umask 027, so that the group can read what is written.",
            (
                "Let no job delete files by age (find -mtime): it would delete what production "
                "runs. `prune` knows which releases are pinned."
            ),
        ),
    )
