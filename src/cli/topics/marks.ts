// `joulecast help marks`.
import type { Topic } from "./topic.ts";

export const marks: Topic = {
  title: "Epochs and windows from any language",
  text: `A program that \`measure\`, \`compare\` or \`run\` starts finds two addresses in its
environment; it needs no package:

  JOULECAST_SOCKET  path of a Unix socket (on Windows a named pipe)
  JOULECAST_URL     http://127.0.0.1:PORT; POST /mark

Both take lines: \`epoch 3\`, \`window-open NAME\`, \`window-close NAME\`. For Python
there is examples/python/joulecast_client.py, one file that uses the standard
library alone and never disturbs the training when nobody listens:

  from joulecast_client import Joulecast
  with Joulecast() as marks:
      for epoch in marks.epochs(10):
          train()
          with marks.window("validation"):
              validate()

A mark has the time at which it arrives. Wait for the GPU before it
(torch.cuda.synchronize()), or its joules fall into what comes after.`,
};
