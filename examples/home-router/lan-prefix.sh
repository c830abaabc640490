#!/bin/sh
# Gives the LAN the first /64 of the delegated prefix and takes it away again.
# PREFIX1 ends with "::" because no prefix longer than /64 is delegated here.

LAN=lan0
[ -n "$PREFIX1" ] || exit 0

case "$1" in
add | update) ip -6 address replace "${PREFIX1}1/64" dev "$LAN" ;;
delete | expire) ip -6 address del "${PREFIX1}1/64" dev "$LAN" ;;
esac
