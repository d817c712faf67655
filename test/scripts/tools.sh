# Programs work together: find, xargs, awk, sed, sort, tar, gzip
cd work
mkdir -p tree/a/b tree/c; for i in 1 2 3 4 5 6; do seq $i 20 > tree/a/f$i; echo $i > tree/c/g$i.txt; done
ln -s ../a/f1 tree/c/link; cp tree/a/f2 'tree/a/b/name with spaces'
find tree -type f | sort | wc -l
find tree -name '*.txt' -exec cat {} \; | sort -n | tr '\n' ' '; echo
find tree -type f -exec md5sum {} + | sort | md5sum
find tree -type l; find tree -type f -print0 | xargs -0 ls | wc -l
find tree -name 'g*' | sort | xargs -n 2 echo pair
find tree -name 'f[1-3]' | sort | xargs -I{} sh -c 'echo {}: $(wc -l < {})'
echo '3 1 2' | xargs -n 1 | sort | xargs
printf 'x\ny\n' | xargs -n 1 sh -c 'exit 2'; echo "xargs: $?"
seq 1 200 | awk '$1 % 3 == 0 { s += $1; n++ } END { print n, s, s / n }'
printf 'b 2\na 1\nc 3\na 4\n' | awk '{ t[$1] += $2 } END { for (k in t) print k, t[k] }' | sort
awk 'BEGIN { while (("seq 1 5" | getline line) > 0) n += line; print n; system("echo from system"); print "to a pipe" | "cat" }'
printf 'one two\nthree four\n' | sed -e 's/\(.*\) \(.*\)/\2 \1/' -e '$!N; s/\n/, /'
sed -i 's/^/> /' tree/c/g1.txt; cat tree/c/g1.txt
seq 1 3000 | sort -rn | sort -n | md5sum; printf '10\n9\n2\n33\n' | sort; printf 'k 2\nj 10\n' | sort -k2n -r
tar cf t.tar tree; tar tf t.tar | sort | head -n 4; mkdir out; tar xf t.tar -C out; diff -r tree out/tree && echo "tar is faithful"
tar czf t.tgz tree; gzip -dc t.tgz | tar tf - | wc -l; (cd tree && tar cf - .) | (mkdir copy; cd copy && tar xf - && find . | wc -l)
seq 1 8000 > numbers; gzip -c numbers | gunzip | cmp - numbers && echo "gzip is faithful"; bzip2 -k numbers; bzcat numbers.bz2 | md5sum
cut -d' ' -f2 numbers | uniq | tail -n 1; seq 1 9 | paste - - -; seq 1 3 | rev | tac; echo abc | tr a-c x-z | od -An -tx1
diff tree/a/f1 tree/a/f2; echo "diff: $?"; cmp tree/a/f1 tree/a/f2; echo "cmp: $?"
ls tree/a; ls -1 tree/c | head -n 2; rm -r tree out copy; ls
umask 027; > private; mkdir folder; stat -c '%a %n' private folder; umask; umask 0; > public; stat -c %a public; (umask 077; > s; stat -c %a s); umask
dd if=numbers of=part bs=10 skip=3 count=2 2>/dev/null; cat part; echo; split -l 3000 numbers piece; cat piecea? | cmp - numbers && ls piece*
echo 'main() { return 0; }' | tee source.c | grep -c return; basename /a/b.c .c; dirname /a/b.c; readlink -f ../work/part | sed 's#.*/work/#work/#'
cat numbers | (head -n 1; wc -l > /dev/null); nice true && echo nice; nohup echo nohup 2>/dev/null; env -i a=b env; which sh | sed 's#.*/bin#bin#'
rm -f *; ls
