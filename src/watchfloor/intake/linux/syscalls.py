"""System call numbers to names, for the calls that say something about behaviour; the rest stay numbers.

Taken from the Linux UAPI headers (asm/unistd_64.h, asm/unistd_32.h, asm-generic/unistd.h).
"""

_X86_64 = """
read:0 write:1 open:2 close:3 creat:85 openat:257 openat2:437 open_by_handle_at:304 execve:59 execveat:322
clone:56 clone3:435 fork:57 vfork:58 exit:60 exit_group:231 connect:42 bind:49 listen:50 accept:43
accept4:288 socket:41 sendto:44 sendmsg:46 sendmmsg:307 recvfrom:45 recvmsg:47 recvmmsg:299 setsockopt:54
getsockopt:55 getpeername:52 getsockname:51 shutdown:48 socketpair:53 unlink:87 unlinkat:263 rmdir:84
rename:82 renameat:264 renameat2:316 mkdir:83 mkdirat:258 mknod:133 mknodat:259 link:86 linkat:265
symlink:88 symlinkat:266 truncate:76 ftruncate:77 fallocate:285 chmod:90 fchmod:91 fchmodat:268 chown:92
fchown:93 lchown:94 fchownat:260 setxattr:188 lsetxattr:189 fsetxattr:190 removexattr:197 lremovexattr:198
fremovexattr:199 fchmodat2:452 utime:132 utimes:235 utimensat:280 futimesat:261 ptrace:101 process_vm_readv:310
process_vm_writev:311 kill:62 tkill:200 tgkill:234 rt_sigqueueinfo:129 pidfd_send_signal:424
pidfd_open:434 pidfd_getfd:438 init_module:175 finit_module:313 delete_module:176 create_module:174
kexec_load:246 kexec_file_load:320 setuid:105 setgid:106 setreuid:113 setregid:114 setresuid:117
setresgid:119 setfsuid:122 setfsgid:123 setgroups:116 setsid:112 setpgid:109 mount:165 umount2:166
pivot_root:155 chroot:161 chdir:80 fchdir:81 move_mount:429 open_tree:428 fsopen:430 fsmount:432
fsconfig:431 fspick:433 mount_setattr:442 unshare:272 setns:308 bpf:321 perf_event_open:298
userfaultfd:323 memfd_create:319 memfd_secret:447 mmap:9 mprotect:10 mremap:25 pkey_mprotect:329 prctl:157
arch_prctl:158 capset:126 capget:125 seccomp:317 personality:135 sethostname:170 setdomainname:171
settimeofday:164 clock_settime:227 adjtimex:159 clock_adjtime:305 reboot:169 swapon:167 swapoff:168
acct:163 quotactl:179 syslog:103 keyctl:250 add_key:248 request_key:249 io_uring_setup:425
io_uring_enter:426 io_uring_register:427 iopl:172 ioperm:173 modify_ldt:154 ioctl:16 fcntl:72 dup:32
dup2:33 dup3:292 pipe:22 pipe2:293 splice:275 tee:276 vmsplice:278 sendfile:40 copy_file_range:326
name_to_handle_at:303 inotify_init:253 inotify_init1:294 inotify_add_watch:254 fanotify_init:300
fanotify_mark:301 access:21 faccessat:269 faccessat2:439 stat:4 lstat:6 fstat:5 newfstatat:262 statx:332
readlink:89 readlinkat:267 getdents:78 getdents64:217 getcwd:79 umask:95 nanosleep:35 setrlimit:160
prlimit64:302 sched_setaffinity:203 setpriority:141 landlock_create_ruleset:444 landlock_restrict_self:446
process_madvise:440 process_mrelease:448 signalfd4:289 timerfd_create:283 eventfd2:290 epoll_create1:291
wait4:61 waitid:247 uname:63 sysinfo:99 getuid:102 getpid:39 times:100 alarm:37 vhangup:153 nfsservctl:180
lookup_dcookie:212 migrate_pages:256 move_pages:279 mlock:149 munlock:150 shmget:29 shmat:30 semget:64
msgget:68
"""

_I386 = """
read:3 write:4 open:5 close:6 creat:8 openat:295 openat2:437 open_by_handle_at:342 execve:11 execveat:358
clone:120 clone3:435 fork:2 vfork:190 exit:1 exit_group:252 connect:362 bind:361 listen:363 accept4:364
socket:359 socketcall:102 sendto:369 sendmsg:370 sendmmsg:345 recvfrom:371 recvmsg:372 recvmmsg:337
setsockopt:366 getsockopt:365 getpeername:368 getsockname:367 shutdown:373 socketpair:360 unlink:10
unlinkat:301 rmdir:40 rename:38 renameat:302 renameat2:353 mkdir:39 mkdirat:296 mknod:14 mknodat:297
link:9 linkat:303 symlink:83 symlinkat:304 truncate:92 ftruncate:93 truncate64:193 ftruncate64:194
fallocate:324 chmod:15 fchmod:94 fchmodat:306 chown:182 fchown:95 lchown:16 fchownat:298 chown32:212
fchown32:207 lchown32:198 setxattr:226 lsetxattr:227 fsetxattr:228 removexattr:235 lremovexattr:236
fremovexattr:237 fchmodat2:452 utime:30 utimes:271 utimensat:320 futimesat:299 utimensat_time64:412 ptrace:26
process_vm_readv:347 process_vm_writev:348 kill:37 tkill:238 tgkill:270 rt_sigqueueinfo:178
pidfd_send_signal:424 pidfd_open:434 pidfd_getfd:438 init_module:128 finit_module:350 delete_module:129
create_module:127 kexec_load:283 setuid:23 setgid:46 setreuid:70 setregid:71 setresuid:164 setresgid:170
setfsuid:138 setfsgid:139 setgroups:81 setuid32:213 setgid32:214 setreuid32:203 setregid32:204
setresuid32:208 setresgid32:210 setfsuid32:215 setfsgid32:216 setgroups32:206 setsid:66 setpgid:57
mount:21 umount:22 umount2:52 pivot_root:217 chroot:61 chdir:12 fchdir:133 move_mount:429 open_tree:428
fsopen:430 fsmount:432 fsconfig:431 fspick:433 mount_setattr:442 unshare:310 setns:346 bpf:357
perf_event_open:336 userfaultfd:374 memfd_create:356 memfd_secret:447 mmap:90 mmap2:192 mprotect:125
mremap:163 pkey_mprotect:380 prctl:172 arch_prctl:384 capset:185 capget:184 seccomp:354 personality:136
sethostname:74 setdomainname:121 settimeofday:79 clock_settime:264 stime:25 adjtimex:124 clock_adjtime:343
reboot:88 swapon:87 swapoff:115 acct:51 quotactl:131 syslog:103 keyctl:288 add_key:286 request_key:287
io_uring_setup:425 io_uring_enter:426 io_uring_register:427 iopl:110 ioperm:101 modify_ldt:123 ioctl:54
fcntl:55 dup:41 dup2:63 dup3:330 pipe:42 pipe2:331 splice:313 tee:315 vmsplice:316 sendfile:187
copy_file_range:377 name_to_handle_at:341 inotify_init:291 inotify_init1:332 inotify_add_watch:292
fanotify_init:338 fanotify_mark:339 access:33 faccessat:307 faccessat2:439 stat:106 lstat:107 fstat:108
statx:383 readlink:85 readlinkat:305 getdents:141 getdents64:220 getcwd:183 umask:60 nanosleep:162
setrlimit:75 prlimit64:340 sched_setaffinity:241 setpriority:97 landlock_create_ruleset:444
landlock_restrict_self:446 process_madvise:440 process_mrelease:448 signalfd4:327 timerfd_create:322
eventfd2:328 epoll_create1:329 wait4:114 waitid:284 uname:122 sysinfo:116 getuid:24 getpid:20 times:43
alarm:27 vhangup:111 nfsservctl:169 lookup_dcookie:253 migrate_pages:294 move_pages:317 mlock:150
munlock:151 shmget:395 shmat:397 semget:393 msgget:399
"""

_AARCH64 = """
read:63 write:64 close:57 openat:56 openat2:437 open_by_handle_at:265 execve:221 execveat:281 clone:220
clone3:435 exit:93 exit_group:94 connect:203 bind:200 listen:201 accept:202 accept4:242 socket:198
sendto:206 sendmsg:211 sendmmsg:269 recvfrom:207 recvmsg:212 recvmmsg:243 setsockopt:208 getsockopt:209
getpeername:205 getsockname:204 shutdown:210 socketpair:199 unlinkat:35 renameat:38 renameat2:276
mkdirat:34 mknodat:33 linkat:37 symlinkat:36 truncate:45 ftruncate:46 fallocate:47 fchmod:52 fchmodat:53
fchown:55 fchownat:54 setxattr:5 lsetxattr:6 fsetxattr:7 removexattr:14 lremovexattr:15 fremovexattr:16
utimensat:88 utimensat_time64:412 ptrace:117 process_vm_readv:270 process_vm_writev:271 kill:129 tkill:130
tgkill:131 rt_sigqueueinfo:138 pidfd_send_signal:424 pidfd_open:434 pidfd_getfd:438 init_module:105
finit_module:273 delete_module:106 kexec_load:104 kexec_file_load:294 setuid:146 setgid:144 setreuid:145
setregid:143 setresuid:147 setresgid:149 setfsuid:151 setfsgid:152 setgroups:159 setsid:157 setpgid:154
mount:40 umount2:39 pivot_root:41 chroot:51 chdir:49 fchdir:50 move_mount:429 open_tree:428 fsopen:430
fsmount:432 fsconfig:431 fspick:433 mount_setattr:442 unshare:97 setns:268 bpf:280 perf_event_open:241
userfaultfd:282 memfd_create:279 memfd_secret:447 mmap:222 mprotect:226 mremap:216 pkey_mprotect:288
prctl:167 capset:91 capget:90 seccomp:277 personality:92 sethostname:161 setdomainname:162
settimeofday:170 clock_settime:112 adjtimex:171 clock_adjtime:266 reboot:142 swapon:224 swapoff:225
acct:89 quotactl:60 syslog:116 keyctl:219 add_key:217 request_key:218 io_uring_setup:425
io_uring_enter:426 io_uring_register:427 ioctl:29 fcntl:25 dup:23 dup3:24 pipe2:59 splice:76 tee:77
vmsplice:75 sendfile:71 copy_file_range:285 name_to_handle_at:264 inotify_init1:26 inotify_add_watch:27
fanotify_init:262 fanotify_mark:263 faccessat:48 faccessat2:439 fstat:80 statx:291 readlinkat:78
getdents64:61 getcwd:17 umask:166 nanosleep:101 setrlimit:164 prlimit64:261 sched_setaffinity:122
setpriority:140 landlock_create_ruleset:444 landlock_restrict_self:446 process_madvise:440
process_mrelease:448 signalfd4:74 timerfd_create:85 eventfd2:19 epoll_create1:20 wait4:260 waitid:95
uname:160 sysinfo:179 getuid:174 getpid:172 times:153 vhangup:58 nfsservctl:42 lookup_dcookie:18
migrate_pages:238 move_pages:239 mlock:228 munlock:229 shmget:194 shmat:196 semget:190 msgget:186
"""


def _table(text: str) -> dict[int, str]:
    pairs = (entry.split(":") for entry in text.split())
    return {int(number): name for name, number in pairs}


_TABLES: dict[str, dict[int, str]] = {
    "c000003e": _table(_X86_64),
    "40000003": _table(_I386),
    "c00000b7": _table(_AARCH64),
}


def name_of(arch: str, number: str) -> str:
    """Name of a system call: by ``arch=`` and ``syscall=`` of the record, or the text of an interpreted one.

    A call the tables do not hold stays ``syscall 318``.
    """
    if not number.isdecimal():
        return number if number.isidentifier() else f"syscall {number[:32]}"
    if len(number) > 6:
        return f"syscall {number[:32]}"
    name = _TABLES.get(arch.lower(), {}).get(int(number))
    return name if name is not None else f"syscall {number}"
