"""What Byline does, one verb a file. Each reads like its sentence in the vocabulary:

receive     whatever was said to the assistant or near it, handed to the flow it is for
enrol       invited → notice shown → the colleague ticks sources and audiences → granted
gather      history and live messages, one path: gate → redact → threads → passages → embed → shelf
preview     the colleague sees every passage, strikes some → active from then on
answer      question → permitted passages → enough? → quotes or a model's reply, checked → outbox
withdraw    the gate is shut, then everything is erased, then that is proven
"""
