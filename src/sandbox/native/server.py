"""The native engine: two processes. The keeper speaks with the host and moves the bytes of a run; the nursery holds a
Python with everything loaded, forks a child for each run, closes it in, and ends it when its time is up.

The nursery never sees a byte of a program, its input or its output: each child starts from the same memory. What a run
was worth is not known here, and nothing is kept from one run to the next.
"""

import _socket
import os
import select
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import lockdown
import nursery

# To the host: how it was stopped, wait status, processor ms, output bytes, lengths of output and reply.
ANSWER = struct.Struct("<BidQII")
# From the host: time, silence and wall limits in ms, bytes of memory and of output, lengths of request and input.
QUESTION = struct.Struct("<dddQQII")
HELLO = struct.Struct("<I")
BLOCK = 1 << 16
MAX_REPLY_BYTES = 64 << 20
NOT_STOPPED, OUTPUT_LIMIT, REPLY_LIMIT = 0, 4, 5


def main():
    hello = _read_exactly(0, HELLO.unpack(_read_exactly(0, HELLO.size))[0])
    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    namespaces = _try_namespaces()
    child = os.fork()
    if child == 0:
        ours.close()
        nursery.main(theirs, hello, namespaces)
    theirs.close()
    lockdown.drop_privileges()
    if ours.recv(BLOCK) != nursery.READY:
        sys.exit("the nursery did not start")
    _write(1, nursery.READY)
    try:
        while question := _read_exactly(0, QUESTION.size):
            _serve(ours, QUESTION.unpack(question))
    finally:
        # Which ends the nursery, and any program with it.
        ours.close()
        os.waitpid(child, 0)


def _try_namespaces():
    """They are one wall more than is asked for: a container may refuse them."""
    try:
        lockdown.enter_namespaces()
    except OSError:
        return False
    return True


def _serve(nursery_socket, question):
    *limits, output_limit, request_length, input_length = question
    feeds = [_read_exactly(0, request_length), _read_exactly(0, input_length)]
    pipes = [os.pipe() for _ in range(5)]
    theirs = [pipes[1][0], pipes[2][1], pipes[3][1], pipes[0][0], pipes[4][1]]
    rights = b"".join(fd.to_bytes(4, sys.byteorder) for fd in theirs)
    nursery_socket.sendmsg([nursery.JOB.pack(*limits)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    for fd in theirs:
        os.close(fd)
    run = Run(nursery_socket, dict(zip((pipes[0][1], pipes[1][1]), feeds)), [p[0] for p in pipes[2:]], output_limit)
    stopped, status, cpu_ms = run.pump()
    stdout, _, reply = run.received
    head = ANSWER.pack(run.stopped or stopped, status, cpu_ms, run.output_bytes, _size(stdout), _size(reply))
    _write(1, b"".join([head, *stdout, *reply]))


def _size(parts):
    return sum(map(len, parts))


class Run:
    """The pipes of one run: feeds what the program reads, takes what it writes, up to the limits."""

    def __init__(self, nursery_socket, feeds, sources, output_limit):
        self.socket = nursery_socket
        self.feeds = feeds
        self.sources = sources
        self.output_limit = output_limit
        self.received = [[], [], []]
        self.output_bytes = self.reply_bytes = self.stopped = 0

    def pump(self):
        """@returns the nursery's report"""
        poll = select.poll()
        for fd in self.feeds:
            os.set_blocking(fd, False)
            poll.register(fd, select.POLLOUT)
        for fd in self.sources:
            poll.register(fd, select.POLLIN)
        poll.register(self.socket, select.POLLIN)
        poll.register(0, 0)
        open_sources, report = set(self.sources), None
        while open_sources or report is None:
            for fd, event in poll.poll():
                if fd == 0:
                    sys.exit("the host has gone")
                elif fd == self.socket.fileno():
                    report = nursery.REPORT.unpack(self.socket.recv(nursery.REPORT.size))
                    poll.unregister(fd)
                elif fd in self.feeds:
                    self._feed(poll, fd)
                elif not self._take(fd):
                    poll.unregister(fd)
                    os.close(fd)
                    open_sources.discard(fd)
        for fd in self.feeds:
            os.close(fd)
        return report

    def _feed(self, poll, fd):
        try:
            self.feeds[fd] = self.feeds[fd][os.write(fd, self.feeds[fd][:BLOCK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.feeds[fd] = b""
        if not self.feeds[fd]:
            poll.unregister(fd)
            os.close(fd)
            del self.feeds[fd]

    def _take(self, fd):
        part = os.read(fd, BLOCK)
        at = self.sources.index(fd)
        if at == 2:
            self.reply_bytes += len(part)
        else:
            self.output_bytes += len(part)
        if self.stopped == NOT_STOPPED:
            if self.output_bytes > self.output_limit:
                self._stop(OUTPUT_LIMIT)
            elif self.reply_bytes > MAX_REPLY_BYTES:
                self._stop(REPLY_LIMIT)
            elif at != 1 and part:
                self.received[at].append(part)
        return part

    def _stop(self, why):
        self.stopped = why
        self.socket.send(nursery.STOP)


def _read_exactly(fd, length):
    """@returns fewer bytes, none mostly, where the host has gone"""
    parts = []
    while length > 0 and (part := os.read(fd, length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _write(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


if __name__ == "__main__":
    main()
