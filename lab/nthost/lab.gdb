# Debugs drivers in the lab: gdb -x lab/nthost/lab.gdb --args target/debug/nthost …
# Each image's symbols are read when it is loaded, so that breakpoints in drivers may be set before the run.

# The lab's own uses of them: cr8, exceptions of drivers, time limits.
handle SIGSEGV SIGUSR1 SIGUSR2 nostop noprint pass
set breakpoint pending on
set confirm off
set print thread-events off

python
def register(name):
    return int(gdb.selected_frame().read_register(name)) & (2**64 - 1)

def text_at(address):
    memory = gdb.selected_inferior()
    text = b""
    while not text.endswith(b"\0"):
        text += memory.read_memory(address + len(text), 1).tobytes()
    return text[:-1].decode()

class ImageLoaded(gdb.Breakpoint):
    def stop(self):
        file, slide = text_at(register("rdi")), register("rsi")
        try:
            gdb.execute(f"add-symbol-file {file} -o {slide:#x}", to_string=True)
        except gdb.error as error:
            print(f"lab: {file}: {error}")
        return False

ImageLoaded("lab_image_loaded", internal=True)
end
