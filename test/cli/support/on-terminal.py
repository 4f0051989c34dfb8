"""Runs a command on a terminal of COLUMNS x ROWS, and copies what it prints. usage: on-terminal.py COLUMNS ROWS COMMAND..."""
import fcntl, os, pty, struct, sys, termios

columns, rows = int(sys.argv[1]), int(sys.argv[2])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:  # Linux: the other side is closed
        piece = b''
    if not piece:
        break
    sys.stdout.buffer.write(piece)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xff)
