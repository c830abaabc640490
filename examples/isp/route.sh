#!/bin/sh
# A route for every delegated prefix, of whatever length, through the customer's router.

[ -n "$PREFIX1" ] || exit 0
# Behind relays, the relay looks after the routes.
[ "${RELAYS:-0}" = 0 ] || exit 0
route="$PREFIX1/$PREFIX1LEN via $REMOTE_ADDR dev $IFACE"

# Unquoted: the words of $route are arguments of their own.
case "$1" in
add | update) ip -6 route replace $route ;;
delete | expire) ip -6 route del $route ;;
esac
