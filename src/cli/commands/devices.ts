// `joulecast devices [NAME]`: the hardware that joulecast knows, every number with its source.
import type { Hardware } from "../../hardware/hardware.ts";
import { readCatalogue, readWholeCatalogue, resolveDevice } from "../../node/catalogue.ts";
import { deviceDocument, deviceNumbers, devicesDocument } from "../../report/device-report.ts";
import type { Command } from "../command.ts";
import { flagOption } from "../options.ts";

const deviceResult = (device: Hardware): Readonly<Record<string, unknown>> => ({
  id: device.id,
  name: device.name,
  kind: device.kind,
  aliases: device.aliases,
  note: device.note ?? null,
  numbers: Object.fromEntries(
    deviceNumbers(device).map(({ name, number: { value, low, high, source } }) => [
      name,
      { value, low: low ?? value, high: high ?? value, source },
    ]),
  ),
});

export const devices: Command = {
  name: "devices",
  summary: "list the hardware that estimates can be made for, with sources",
  arguments: [
    { name: "name", description: "one device, or a .json file of your own: all its numbers", required: false },
  ],
  options: [{ flags: "--all", description: "also the long tail of @huggingface/tasks: peak rate and watts only" }],
  examples: ["joulecast devices", "joulecast devices rtx-2080-ti"],
  run: async ([name], options) => {
    const catalogue = await (flagOption(options, "--all") ? readWholeCatalogue() : readCatalogue());
    if (name === undefined)
      return { result: { devices: catalogue.map(deviceResult) }, document: devicesDocument(catalogue) };
    const device = await resolveDevice(name, catalogue);
    return { result: { devices: [deviceResult(device)] }, document: deviceDocument(device) };
  },
};
