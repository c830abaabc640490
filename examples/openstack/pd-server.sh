#!/bin/bash
# The script of the OpenStack Networking guide, without its sudo: the server calls it as root.
# $1 is what happened; PREFIX1, REMOTE_ADDR and IFACE say to which prefix, for whom and where.

if [ "$PREFIX1" != "" ]; then
    if [ "$1" == "add" ]; then
        ip -6 route add ${PREFIX1}/64 via $REMOTE_ADDR dev $IFACE
    fi
    if [ "$1" == "delete" ]; then
        ip -6 route del ${PREFIX1}/64 via $REMOTE_ADDR dev $IFACE
    fi
fi
