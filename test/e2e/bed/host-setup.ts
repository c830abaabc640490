/** Folder inside a host with the programs that come before all others: ours, and stand-ins such as `sudo`. */
export const hostPrograms = "/run/bed/bin";

/**
 * `sh` script that turns a process in fresh network, mount and host-name namespaces into a test host, prints
 * its process id and stays. `$1` is the host's name, `$2` is `yes` where duplicate address detection is
 * wanted.
 *
 * `/etc` and `/var/lib` become private folders whose entries lead to the machine's own, so that programs find
 * what they need (users, libraries, a checkout under /var/lib); all that DHCP programs read or write is left
 * out and made anew, empty. `/run` and `/var/log` start empty. It all lives in memory and ends with the host.
 */
export const hostSetup = `
set -e
hostname "$1" 2>/dev/null || echo "$1" >/proc/sys/kernel/hostname
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=0755 bed /var/log
mount -t tmpfs -o mode=0755 bed /run
kept=/var/log/.machine
mkdir -p $kept/var
ln -s /usr /proc $kept/
cover() {
  mkdir $kept$1
  mount --rbind $1 $kept$1
  # A user namespace may forbid this; file permissions protect the machine then.
  mount -o remount,bind,ro $kept$1 2>/dev/null || :
  mount -t tmpfs -o mode=0755 bed $1
  ln -s $kept$1/* $1/
}
cover /etc
cover /var/lib
cd /etc
rm -f dibbler resolv.conf resolvconf ntp.conf radvd* kea dhcp dhcpcd.conf wide-dhcpv6
cd /var/lib
rm -f dibbler neutron kea dhcp dhcpcd* dhcpv6
mkdir -p /etc/dibbler /etc/kea /etc/dhcp /etc/wide-dhcpv6 /var/log/dibbler
mkdir -p /run/bed/bin /run/bed/home /run/kea /run/lock
mkdir -p /var/lib/dibbler /var/lib/neutron /var/lib/kea /var/lib/dhcp /var/lib/dhcpcd /var/lib/dhcpv6
: >/etc/resolv.conf
: >/etc/ntp.conf
printf '#!/bin/sh\\nexec "$@"\\n' >/run/bed/bin/sudo
chmod 755 /run/bed/bin/sudo
if [ "$2" != yes ]; then
  for group in all default; do
    echo 0 >/proc/sys/net/ipv6/conf/$group/accept_dad
    echo 0 >/proc/sys/net/ipv6/conf/$group/dad_transmits
  done
fi
ip link set dev lo up
cd /
echo $$
exec sleep 2147483647
`;
