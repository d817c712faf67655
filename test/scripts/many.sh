# A hundred children at once all end, and none is lost
i=0; jobs=
while [ $i -lt 100 ]; do (sleep 0.3; exit $((i % 7))) & jobs="$jobs $!"; i=$((i + 1)); done
for j in $jobs; do wait $j; echo $?; done > work/statuses; sort -n work/statuses | uniq -c
seq 1 40 | xargs -n 1 -P 8 sh -c 'echo $(($0 * $0))' | sort -n | tail -n 3
i=0; while [ $i -lt 40 ]; do echo $i >> work/all & i=$((i + 1)); done; wait; sort -n work/all | md5sum; rm work/*
