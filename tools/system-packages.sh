#!/usr/bin/env bash
# Install Debian packages that are missing, where apt and the rights are there; else say what to install.
set -u
missing=()
for package in "$@"; do
  case $package in
    bubblewrap) command -v bwrap >/dev/null ;;
    chromium) command -v chromium >/dev/null ;;
    *) dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ;;
  esac || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if command -v apt-get >/dev/null; then
  if [ "$(id -u)" = 0 ]; then as_root=()
  elif sudo -n true 2>/dev/null; then as_root=(sudo -n)
  else as_root=(false); fi
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  "${as_root[@]}" apt-get update -qq >"$log" 2>&1 &&
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >>"$log" 2>&1 && exit 0
  tail -n 3 "$log" >&2
fi
printf 'missing system packages: %s; install them, for example: sudo apt-get install %s\n' "${missing[*]}" "${missing[*]}" >&2
exit 1
