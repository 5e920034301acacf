#!/bin/sh
# Installs wattslug from its archive on a Linux board with systemd and Node 20.19 or newer: the same files as Debian's package.
#
#   sudo ./install.sh            installs, or upgrades what was installed
#   sudo ./install.sh --remove   removes it; what was measured stays in /var/lib/wattslug
#   DESTDIR=/mnt ./install.sh    installs into an image instead, and starts nothing
set -eu

here=$(cd "$(dirname "$0")" && pwd)
destination=${DESTDIR:-}
fail() {
  echo "wattslug: $1" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail 'this changes the system: run it as root, such as: sudo ./install.sh'
running=no
if [ -z "$destination" ] && [ -d /run/systemd/system ]; then running=yes; fi

files() {
  (cd "$here/root" && find . \( -type f -o -type l \) | sed 's|^\./||' | sort)
}

if [ "${1:-}" = --remove ]; then
  if [ $running = yes ]; then systemctl disable --now --quiet wattslug.socket wattslug.service || true; fi
  files | while IFS= read -r file; do
    case $file in etc/*) rm -f "$destination/$file.new" ;; *) rm -f "$destination/$file" ;; esac
  done
  rm -rf "$destination/usr/lib/wattslug" "$destination/usr/share/doc/wattslug"
  rm -f "$destination/etc/systemd/system/multi-user.target.wants/wattslug.service" "$destination/etc/systemd/system/sockets.target.wants/wattslug.socket"
  if [ $running = yes ]; then
    systemctl daemon-reload
    udevadm control --reload || true
  fi
  echo 'wattslug: removed. /etc/wattslug.toml and /var/lib/wattslug are left.'
  exit 0
fi
[ $# = 0 ] || fail "unknown: $1; allowed: --remove"

node=$(command -v node || true)
[ -n "$node" ] || [ -n "$destination" ] || fail 'there is no node: install Node 20.19 or newer first (https://nodejs.org)'
if [ -n "$node" ]; then
  "$node" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "$node is $("$node" --version): Node 20.19 or newer is needed"
  # The service sees no home, which is where nvm and the like put theirs; and a unit takes no path with a space.
  for path in "$node" "$(readlink -f "$node")"; do
    case ${path#/} in
      home/* | root/* | run/user/* | *' '*) fail "$path cannot be run by a service: install a Node for the whole system, in /usr/local" ;;
    esac
  done
fi

files | while IFS= read -r file; do
  mkdir -p "$destination/$(dirname "$file")"
  # What the user may have changed stays, with the new one beside it.
  case $file in
    etc/*)
      if [ -e "$destination/$file" ]; then
        cmp -s "$here/root/$file" "$destination/$file" || cp -P "$here/root/$file" "$destination/$file.new"
        continue
      fi
      ;;
  esac
  rm -f "$destination/$file"
  cp -P "$here/root/$file" "$destination/$file"
done
if [ -n "$node" ] && [ "$node" != /usr/bin/node ]; then
  sed -i "s|/usr/bin/node|$node|" "$destination/usr/lib/wattslug/wattslug.cjs" "$destination/usr/lib/systemd/system/wattslug.service"
fi
mkdir -p "$destination/etc/systemd/system/multi-user.target.wants" "$destination/etc/systemd/system/sockets.target.wants"
ln -sf /usr/lib/systemd/system/wattslug.socket "$destination/etc/systemd/system/sockets.target.wants/wattslug.socket"
ln -sf /usr/lib/systemd/system/wattslug.service "$destination/etc/systemd/system/multi-user.target.wants/wattslug.service"

if [ $running = yes ]; then
  systemctl daemon-reload
  udevadm control --reload || true
  udevadm trigger --subsystem-match=tty --action=change || true
  systemctl stop wattslug.service 2>/dev/null || true
  port=
  systemctl restart wattslug.socket || port=:8080
  systemctl restart wattslug.service
  address=$(hostname -I 2>/dev/null | cut -d ' ' -f 1)
  echo "wattslug: the page is at http://${address:-localhost}$port/"
else
  echo 'wattslug: installed; it starts at the next boot'
fi
