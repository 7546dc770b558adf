#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A vfio-user server that has nothing of devices/vfio_user: the standard library alone.

It serves one well-behaved PCI function with the registers of harness/wire/model_registers.hpp, so
that the agent drives it as it drives a reference model. What it writes carries the tags of
harness/base/tag.hpp. No interrupts, no control channel, no ledger: it is what somebody else wrote.
"""
import argparse, json, mmap, os, select, socket, struct, time, zlib

ID, VERSION, STATUS, CONTROL, RING, RING_BYTES, ITEM, RATE, SEQUENCE, SCRATCH = (
    0x00, 0x04, 0x08, 0x0C, 0x10, 0x18, 0x1C, 0x20, 0x24, 0x2C)
COPY_FROM, COPY_TO, COPY_BYTES, DOORBELL, RESETS = 0x30, 0x38, 0x40, 0x44, 0x48
READY, RUNNING, ERROR, COPY_DONE, USED = 1, 2, 4, 8, 32
RUN, SOFT_RESET = 1, 4
READ_ONLY = (ID, VERSION, STATUS, SEQUENCE, SEQUENCE + 4, RESETS, 0x4C, 0x50)
PM, EXPRESS = 0x40, 0x48  # offsets of the capabilities


class Refused(Exception):
    """args[0] is the errno of the reply."""


class Function:
    def __init__(self, name, seed):
        self.name, self.seed, self.ranges = name.encode()[:24], seed, []
        self.resets = 0
        self.reset()

    def reset(self):
        self.config, self.mask = bytearray(4096), bytearray(4096)
        for offset, form, value, mask in (
            (0x00, "<HH", (0x1234, 0x51CE), None), (0x04, "<H", (0,), 0x0546),
            (0x06, "<H", (0x10,), None), (0x08, "<I", (0xFF000001,), None),
            (0x0C, "<B", (0,), 0xFF), (0x10, "<I", (0,), 0xFFFFF000),
            (0x2C, "<HH", (0x1234, 0x51CE), None), (0x34, "<B", (PM,), None),
            (PM, "<BBH", (1, EXPRESS, 3), None), (PM + 4, "<H", (0,), 3),
            (EXPRESS, "<BBHI", (0x10, 0, 2, 1 << 28 | 1 << 15), None),  # an endpoint with FLR
            (EXPRESS + 8, "<H", (0x2810,), 0x7FFF), (EXPRESS + 12, "<I", (0x11,), None),
            (EXPRESS + 18, "<H", (0x11,), None)):
            struct.pack_into(form, self.config, offset, *value)
            if mask is not None:
                struct.pack_into(form, self.mask, offset, mask)
        self.words = {ITEM: 512, RATE: 20, SCRATCH: 0x5CA1AB1E}
        self.sequence, self.status, self.due = 0, READY, None

    def wide(self, low):
        return self.words.get(low, 0) | self.words.get(low + 4, 0) << 32

    def memory(self, address, size):
        """A view of guest memory; it must lie in one range."""
        for begin, length, mapping, offset in self.ranges:
            if mapping is not None and begin <= address and address + size <= begin + length:
                return memoryview(mapping)[offset + address - begin:][:size]
        raise Refused(14)

    def bus_master(self):
        return self.config[4] & 4

    def write_item(self):
        size, ring = self.words[ITEM], self.words[RING_BYTES]
        item = b""
        for at in range(0, size, 64):
            unit = struct.pack("<8sBBHIQQ24sI", b"QSTAG\x01\r\n", 5, len(self.name), 0, at,
                               self.sequence, 0, self.name, self.seed)
            item += unit + struct.pack("<I", zlib.crc32(unit))
        self.memory(self.wide(RING) + self.sequence * size % ring, size)[:] = item
        self.sequence += 1

    def tick(self):
        """Writes what is due; returns how long until the next, None when it does not run."""
        if not self.status & RUNNING:
            return None
        if time.monotonic() >= self.due:
            self.due = max(self.due + 1 / self.words[RATE], time.monotonic() - 0.01)
            try:
                if self.bus_master():
                    self.write_item()
            except Refused:
                pass  # the memory is gone: a well-behaved device waits
        return max(0.0, self.due - time.monotonic())

    def copy(self):
        self.status &= ~(COPY_DONE | ERROR)
        try:
            size = self.words.get(COPY_BYTES, 0)
            if not 1 <= size <= 65536 or not self.bus_master():
                raise Refused(22)
            data = bytes(self.memory(self.wide(COPY_FROM), size))
            self.memory(self.wide(COPY_TO), size)[:] = data
            self.status |= COPY_DONE | USED
        except Refused:
            self.status |= ERROR | USED

    def control(self, value):
        if value & SOFT_RESET:
            config = self.config
            self.reset()
            self.config = config
            return
        self.words[CONTROL] = value
        if not value & RUN:
            self.status &= ~RUNNING
        elif not self.status & RUNNING:
            item, ring, rate = self.words[ITEM], self.words.get(RING_BYTES, 0), self.words[RATE]
            good = 64 <= item <= 4096 and item % 64 == 0 and ring >= item and ring % item == 0
            self.status |= RUNNING | USED if good and 1 <= rate <= 100000 else ERROR
            self.due = time.monotonic()

    def read_register(self, offset):
        fixed = {ID: 0x45435351, VERSION: 1, STATUS: self.status, RESETS: self.resets,
                 SEQUENCE: self.sequence & 0xFFFFFFFF, SEQUENCE + 4: self.sequence >> 32}
        return fixed.get(offset, self.words.get(offset, 0))

    def write_register(self, offset, value):
        if offset == CONTROL:
            self.control(value)
        elif offset == DOORBELL:
            if value == 1:
                self.copy()
        elif offset not in READ_ONLY and offset <= RESETS:
            self.words[offset] = value

    def read(self, region, offset, count):
        if region == 7:
            return bytes(self.config[offset:offset + count])
        words = range(offset & ~3, offset + count, 4)
        data = b"".join(struct.pack("<I", self.read_register(word)) for word in words)
        return data[offset & 3:][:count]

    def write(self, region, offset, data):
        if region == 0:
            if offset % 4 == 0 and len(data) == 4:
                self.write_register(offset, struct.unpack("<I", data)[0])
            return
        asleep = self.config[PM + 4] & 3 == 3
        for at, byte in enumerate(data, offset):
            self.config[at] = self.config[at] & ~self.mask[at] | byte & self.mask[at]
        flr = offset <= EXPRESS + 9 < offset + len(data) and data[EXPRESS + 9 - offset] & 0x80
        if flr or (asleep and self.config[PM + 4] & 3 == 0):
            self.whole_reset()

    def whole_reset(self):
        self.reset()
        self.resets += 1


class Client:
    """One connection: the commands that a server must have."""

    def __init__(self, sock, function):
        self.sock, self.function = sock, function

    def receive(self, size):
        data, files = b"", []
        while len(data) < size:
            piece, more, _, _ = socket.recv_fds(self.sock, size - len(data), 16)
            files += more
            if not piece:
                for file in files:
                    os.close(file)
                raise ConnectionError
            data += piece
        return data, files

    def serve_one(self):
        header, files = self.receive(16)
        number, command, size, flags, _ = struct.unpack("<HHIII", header)
        if not 16 <= size <= 1 << 21 or flags & 0xF:
            raise ConnectionError
        body, more = self.receive(size - 16)
        files += more
        error, reply = 0, b""
        try:
            reply = self.answer(command, body, files)
        except Refused as refused:
            error = refused.args[0]
        except (struct.error, ValueError, OSError):
            error = 22
        finally:
            for file in files:
                os.close(file)
        if not flags & 0x10:
            head = struct.pack("<HHIII", number, command, 16 + len(reply), 0x21 if error else 1, error)
            self.sock.sendall(head + reply)

    def answer(self, command, body, files):
        function = self.function
        if command == 1:  # VERSION: of what was proposed we name nothing
            major, _ = struct.unpack_from("<HH", body)
            text = json.dumps({"capabilities": {}}).encode() + b"\0"
            return struct.pack("<HH", major, 0) + text if major == 0 else self.refuse(95)
        if command == 2:  # DMA_MAP
            _, _, offset, address, size = struct.unpack_from("<IIQQQ", body)
            mapping = mmap.mmap(files[0], offset + size) if files else None
            function.ranges.append((address, size, mapping, offset))
            return b""
        if command == 3:  # DMA_UNMAP; flag 2 means all of it
            _, flags, address, size = struct.unpack_from("<IIQQ", body)
            function.ranges = [one for one in function.ranges
                               if not flags & 2 and (one[0], one[1]) != (address, size)]
            return body[:24]
        if command == 4:  # DEVICE_GET_INFO: reset, PCI
            return struct.pack("<IIII", 16, 3, 9, 5)
        if command == 5:  # DEVICE_GET_REGION_INFO
            index = struct.unpack_from("<III", body)[2]
            size = 4096 if index in (0, 7) else 0
            return struct.pack("<IIIIQQ", 32, 3 if size else 0, index, 0, size, 0)
        if command == 7:  # DEVICE_GET_IRQ_INFO: there are none
            return struct.pack("<IIII", 16, 0, struct.unpack_from("<III", body)[2], 0)
        if command in (9, 10):  # REGION_READ, REGION_WRITE
            offset, region, count = struct.unpack_from("<QII", body)
            if region not in (0, 7) or offset + count > 4096:
                self.refuse(22)
            if command == 9:
                return body[:16] + function.read(region, offset, count)
            function.write(region, offset, body[16:16 + count])
            return body[:16]
        if command == 13:  # DEVICE_RESET
            function.whole_reset()
            return b""
        return self.refuse(95)

    @staticmethod
    def refuse(error):
        raise Refused(error)

    def serve(self):
        try:
            while True:
                wait = self.function.tick()
                if select.select([self.sock], [], [], wait)[0]:
                    self.serve_one()
        except (ConnectionError, BrokenPipeError):
            self.function.ranges = []
            self.sock.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--socket", required=True)
    parser.add_argument("--name", default="model", help="the device's name in its tags")
    parser.add_argument("--seed", type=int, default=1, help="the run's seed in its tags")
    options = parser.parse_args()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Who waits for the file finds somebody who listens.
    listener.bind(options.socket + ".new")
    listener.listen(1)
    os.rename(options.socket + ".new", options.socket)
    function = Function(options.name, options.seed)
    while True:
        Client(listener.accept()[0], function).serve()


main()
