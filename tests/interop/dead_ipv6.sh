#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A network of its own in which the host half.test has two addresses: an IPv6 one, whose packets nobody takes, and an
# IPv4 one of this machine. Runs a program in it. Wants network and mount name spaces of its own:
#
# usage: unshare --net --mount dead_ipv6.sh FOLDER PROGRAM...    FOLDER: for files, which are its own
#
# Both ends of the cable are here; the neighbour that is given for the dead address is neither of them.
set -eu

folder=$1
shift
ip link set lo up
ip link add near type veth peer name far
ip link set near up
ip link set far up
ip address add 2001:db8::1/64 dev near nodad
ip address add 10.9.9.1/24 dev near
ip -6 neighbour add 2001:db8::2 lladdr 02:00:00:00:00:02 dev near nud permanent
printf '%s\n' '127.0.0.1 localhost' '2001:db8::2 half.test' '10.9.9.1 half.test' >"$folder/hosts"
mount --bind "$folder/hosts" /etc/hosts
echo "the network is there"
exec "$@"
