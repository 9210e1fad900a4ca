#!/usr/bin/env bash
# Everything from survey tables to reports: models, scores, experiments. About six hours on two
# cores. Each step is resumable, and what is done is not done again.
#
#   train/reproduce.sh           all of it
#   train/reproduce.sh --quick   a small version of every table, in under 20 minutes, in runs/
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-.venv/bin/python}"
settings=train/settings
if [[ $# -gt 1 || ( $# -eq 1 && "$1" != "--quick" ) ]]; then
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi

step() { # step NAME COMMAND...: run it unless it is done, and note the minutes it took
    local name="$1" done="runs/done/$1" began
    shift
    if [[ -e "$done" ]]; then
        echo "== $name: done ($(cat "$done") minutes)"
        return
    fi
    echo "== $name: $*"
    began=$SECONDS
    "$@"
    mkdir -p runs/done
    echo $(((SECONDS - began) / 60)) >"$done"
}

