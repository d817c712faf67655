# Limits that a shell sets hold for it and its children
ulimit -n 16; ulimit -n; sh -c 'ulimit -n'
(exec 15> work/a && echo "15 is the last"); (exec 16> work/a) 2>/dev/null || echo "16 is one too many"
sh -c 'ulimit -f 1; seq 1 10000 > work/big; echo "not reached by seq: $?"' 2>/dev/null; test $(wc -c < work/big) -le 1024 && echo "the file is not longer"
(ulimit -n 4; cat < work/big > /dev/null) 2>/dev/null; echo "few descriptors: $?"
(ulimit -S -n 8; ulimit -S -n; ulimit -H -n; ulimit -S -n 12; ulimit -n)
