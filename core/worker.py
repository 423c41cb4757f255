"""`python -m core serve`: the engine as a worker. Commands in on stdin, events out on stdout, one JSON object a line.

Commands (caller -> engine)
    {"command": "run", "job": "/path/to/job.json"}   paths in the job count from the job file's folder
    {"command": "cancel"}                            takes effect within one optimizer step
    {"command": "doctor"}
    {"command": "quit"}                              so does closing stdin: the engine never outlives its caller

Events (engine -> caller), each with "event" and these keys
    ready      version, protocol (1), device
    started    frames (in the job), todo (of those, not yet done), output (folder)
    progress   frame (its number), index (1..of among todo), of, step, steps, loss, seconds (since started)
    frame      frame (its number), index, of, path, seconds (this frame), cached (true: was already there)
    warning    message, hint, detail
    error      message, hint, detail                 ends the job; frames already written stay
    cancelled  frames (written in this run)          ends the job
    done       frames, seconds, output               ends the job
    doctor     ok, checks: [{name, ok, value, hint}]
stdout carries nothing else; the log goes to stderr.
"""
