"""What runs, checks, grades and publishes the course. It imports gadgetlib, never the other way round::

    run        cli  run  doctor                            the command `gadget`, and the report card in build/
    lessons    lesson  check  exercises  contracts  shop   what a notebook calls beside gadgetlib
    authors    author  site  slides  house                 edit, publish, and keep to the rules
    grading    grade  answers  fence  sandbox              learners' notebooks, each in a process of its own
    below all  workspace                                   which lessons there are, and where their artefacts are
"""
