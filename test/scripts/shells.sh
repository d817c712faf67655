# Substitutions, subshells, functions and loops keep their variables and statuses apart
echo "a $(echo b $(echo c $(echo d)))"
echo "status of a substitution: $(exit 5; echo never)$?"; x=$(exit 5); echo "assigned: $?"
x=outer; (x=inner; echo $x); echo $x
x=$(printf 'trailing newlines go\n\n\n'); echo "[$x]"
v=1; f() { local v=2; g; echo "f sees $v"; }; g() { echo "g sees $v"; v=3; }; f; echo "v is $v"
count() { test $1 -gt 0 && { echo $1; count $(($1 - 1)); }; }; count 5 | tr '\n' ' '; echo
sub() { test $1 -eq 0 && echo bottom || (sub $(($1 - 1))); }; sub 40
depth() { if [ $1 -gt 0 ]; then echo $(depth $(($1 - 1)))x; fi; }; depth 30
for i in a b c; do for j in 1 2 3; do [ $j = 2 ] && continue; [ $i = c ] && break 2; echo $i$j; done; done
i=0; while [ $i -lt 5 ]; do i=$((i + 1)); done; echo $i; until [ $i -eq 0 ]; do i=$((i - 1)); done; echo $i
case foo.tar.gz in *.zip) echo zip;; *.tar.*) echo tar;; *) echo other;; esac
set -- one 'two words' three; echo $# "$2"; shift; echo "$1" "$*"; for a; do echo "<$a>"; done
IFS=:; set -- $(echo a:b:c); echo "$3 $2 $1"; unset IFS
eval 'name=value; echo $name'; y=x; eval echo \$$y
echo ${unset:-default} ${unset:=assigned} ${unset:+set} ${#unset} ${unset%ed} ${unset#ass}
echo $((1 << 10)) $((0x1f)) $((7 / 2)) $((-7 % 3)) $((1 ? 2 : 3)) $((5 > 3 && 2 > 1))
. ./work/included 2>/dev/null; echo "missing include: $?"
