# Made by ompay provision: a terminal that was left open is closed after a quarter of an hour; nothing dumps its memory.
ulimit -c 0
TMOUT=900
readonly TMOUT
export TMOUT
