#!/usr/bin/env bash
# Make .onnxruntime/, with include/ and lib/ as in an onnxruntime release, from package registries: the headers of
# Debian 13's libonnxruntime-dev, and the shared library of the same version from the Python package.
# For a Debian machine (any release, no root needed). Not needed where an onnxruntime release is installed.
set -euo pipefail
cd "$(dirname "$0")"
root=$PWD/.onnxruntime
[ ! -e "$root" ] || exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# apt with lists of its own: the Debian sources of this machine, with release 13 (trixie) in place of its own.
. /etc/os-release
mkdir -p "$work"/apt/{sources,lists/partial,cache/archives/partial}
for source in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
  if [ -s "$source" ]; then
    sed "s/\b$VERSION_CODENAME\b/trixie/g" "$source" > "$work/apt/sources/$(basename "$source")"
  fi
done
cat > "$work/apt/apt.conf" <<CONFIG
Dir::Etc::sourcelist "-";
Dir::Etc::sourceparts "$work/apt/sources";
Dir::State::lists "$work/apt/lists";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "root";
CONFIG
export APT_CONFIG=$work/apt/apt.conf
apt-get -qq update
(cd "$work" && apt-get -qq download libonnxruntime-dev)
package=$(echo "$work"/libonnxruntime-dev_*.deb)
dpkg-deb -x "$package" "$work/headers"
version=$(dpkg-deb -f "$package" Version)
version=${version%%[+-]*}

# Any wheel of that version for this processor holds the same library, whatever Python runs here.
machine=$(uname -m)
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
  --platform "manylinux_2_27_$machine" --platform "manylinux_2_28_$machine" -d "$work" "onnxruntime==$version"
python3 -m zipfile -e "$work"/onnxruntime-*.whl "$work/wheel"

mkdir "$work/root"
cp -r "$work/headers/usr/include/onnxruntime" "$work/root/include"
mkdir "$work/root/lib"
cp "$work/wheel/onnxruntime/capi/libonnxruntime.so.$version" "$work/root/lib/libonnxruntime.so.1"
ln -s libonnxruntime.so.1 "$work/root/lib/libonnxruntime.so"
mv "$work/root" "$root" # last, so that it is there whole or not at all
echo "onnxruntime $version in $root"
