#!/bin/sh
# Build the image and use it for real: scripts/check-container.sh [BASE_IMAGE]
#
#   ENGINE         podman (default: podman, else docker), with options where it needs any
#   BUILD          how to build (default: "$ENGINE build")
#   BUILD_OPTIONS  more options of the build, RUN_OPTIONS of the run
#   EXTRAS         of the package (default: the Dockerfile's, the small image without torch)
#   PORT           of this machine, 8765
#
# Lints the Dockerfile if hadolint is there and compose.yaml if check-jsonschema is; then builds,
# starts with a read-only root, waits for /readyz, colours a photograph over HTTP inside the
# container, tries to write to the root, stops it, and colours a photograph on the command line of a
# fresh container. It prints the size of the image, and how long the start and the command line
# took. Exit code 0: all of it worked.
set -eu
cd "$(dirname "$0")/.."

base=${1:-python:3.12-slim-bookworm}
if [ -z "${ENGINE:-}" ]; then
    if command -v podman >/dev/null; then ENGINE=podman; else ENGINE=docker; fi
fi
BUILD=${BUILD:-$ENGINE build}
port=${PORT:-8765}
image=localhost/colorizer:check
name=colorizer-check-$$
LARGEST=1600000000 # bytes

say() { echo "== $*"; }

# docs/operating.md says how to get them with pip.
PATH=$PATH:$PWD/.venv/bin
if command -v hadolint >/dev/null; then say "hadolint" && hadolint Dockerfile; fi
if command -v check-jsonschema >/dev/null; then
    say "compose.yaml by the compose specification"
    check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
fi

say "build on $base"
# shellcheck disable=SC2086
$BUILD ${BUILD_OPTIONS:-} --build-arg "BASE_IMAGE=$base" ${EXTRAS:+--build-arg "EXTRAS=$EXTRAS"} \
    -t "$image" .

size=$($ENGINE image inspect -f '{{.Size}}' "$image")
say "image: $size bytes"
if [ -z "${EXTRAS:-}" ] && [ "$size" -gt "$LARGEST" ]; then
    echo "the small image is larger than $LARGEST bytes" >&2
    exit 1
fi

say "run"
started=$(date +%s.%N)
trap '$ENGINE rm -f "$name" >/dev/null 2>&1 || true' EXIT
# shellcheck disable=SC2086
$ENGINE run -d --name "$name" --read-only --tmpfs /tmp --cap-drop ALL \
    --security-opt no-new-privileges -p "127.0.0.1:$port:8000" ${RUN_OPTIONS:-} "$image" >/dev/null

$ENGINE exec -i "$name" python3 - "$started" <scripts/container_probe.py

say "the root is read-only"
if $ENGINE exec "$name" sh -c 'echo x >/opt/colorizer/x' 2>/dev/null; then
    echo "the root file system can be written to" >&2
    exit 1
fi
say "it stops when told"
$ENGINE stop -t 60 "$name" >/dev/null
code=$($ENGINE inspect -f '{{.State.ExitCode}}' "$name")
[ "$code" = 0 ] || { echo "exit code $code" >&2; exit 1; }

say "the command line, in a fresh container"
# shellcheck disable=SC2086
$ENGINE run --rm -i --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
    ${RUN_OPTIONS:-} "$image" python3 - <scripts/container_command.py
say "all well"
