// `devices` as documents: the list of hardware, and one device with every number, its range and its source.
import type { ArithmeticType, Hardware, Sourced } from "../hardware/hardware.ts";
import type { Document } from "./document.ts";
import { countCell, quantityCell, rangeCell, textCell, unitCell } from "./show.ts";

/** One sourced number of a device. `name` is its field, as in JSON: "peakFlopsPerS.float32". */
export interface DeviceNumber {
  readonly name: string;
  readonly label: string;
  /** SI; "" for counts. */
  readonly unit: string;
  readonly number: Sourced;
}

type Numbered = readonly [name: string, label: string, unit: string, number: Sourced | undefined];

/** Integer operations are no FLOPs. */
const rateUnit = (type: string): string => (type.startsWith("int") ? "OP/s" : "FLOP/s");

function byType(
  field: string,
  label: string,
  unit: (type: string) => string,
  rates: Partial<Readonly<Record<ArithmeticType, Sourced>>>,
): Numbered[] {
  return Object.entries(rates).map(([type, number]) => [`${field}.${type}`, `${label}, ${type}`, unit(type), number]);
}

/** Every number of a device that is known, in the order of the record. */
export function deviceNumbers(hardware: Hardware): DeviceNumber[] {
  const numbers: readonly Numbered[] = [
    ...byType("peakFlopsPerS", "peak rate", rateUnit, hardware.peakFlopsPerS),
    ["tdpW", "thermal design power", "W", hardware.tdpW],
    ["idleW", "idle power", "W", hardware.idleW],
    ["cores", "cores", "", hardware.cores],
    ["clockHz", "clock", "Hz", hardware.clockHz],
    ...byType("flopsPerClockPerCore", "FLOPs per clock", () => "", hardware.flopsPerClockPerCore),
    ["switchedCapacitance", "switched capacitance κ", "W/Hz³", hardware.switchedCapacitance],
    ["memoryBytesPerS", "memory bandwidth", "B/s", hardware.memoryBytesPerS],
    ["memoryBytes", "memory", "B", hardware.memoryBytes],
    ...hardware.memoryLevels.flatMap((level): Numbered[] => [
      [`memoryLevels.${level.name}.sizeBytes`, `${level.name} size`, "B", level.sizeBytes],
      [`memoryLevels.${level.name}.energyPerBitJ`, `${level.name} energy per bit`, "J", level.energyPerBitJ],
    ]),
    ...Object.entries(hardware.arithmetic).flatMap(([type, energy]): Numbered[] => [
      [`arithmetic.${type}.addJ`, `addition, ${type}`, "J", energy.addJ],
      [`arithmetic.${type}.mulJ`, `multiplication, ${type}`, "J", energy.mulJ],
    ]),
    ["macLinear.convJPerMac", "convolution, per MAC", "J", hardware.macLinear?.convJPerMac],
    ["macLinear.convJPerInput", "convolution, per input feature", "J", hardware.macLinear?.convJPerInput],
    ["macLinear.denseJPerMac", "dense layer, per MAC", "J", hardware.macLinear?.denseJPerMac],
    ["manufacturingKg", "manufacturing, CO2e", "kg", hardware.manufacturingKg],
  ];
  return numbers.flatMap(([name, label, unit, number]) =>
    number === undefined ? [] : [{ name, label, unit, number }],
  );
}

/** One device in full. */
export function deviceDocument(hardware: Hardware): Document {
  return {
    title: hardware.name,
    subtitle: [hardware.kind, hardware.id, ...hardware.aliases].join(" · "),
    sections: [
      ...(hardware.note === undefined ? [] : [{ kind: "notes" as const, notes: [hardware.note] }]),
      {
        kind: "table",
        name: "numbers",
        main: true,
        columns: [
          { title: "number" },
          { title: "field", only: "data" },
          { title: "value", align: "right" },
          { title: "low–high", align: "right", only: "screen" },
          { title: "low", only: "data" },
          { title: "high", only: "data" },
          { title: "source", wrap: true },
        ],
        rows: deviceNumbers(hardware).map(({ name, label, unit, number }) => [
          textCell(label),
          textCell(name),
          unitCell(number.value, unit),
          rangeCell(number.low, number.high, unit),
          unitCell(number.low, unit),
          unitCell(number.high, unit),
          textCell(number.source),
        ]),
      },
    ],
  };
}

/** The greatest of the peak rates that people compare devices by. */
const COMPARED: readonly ArithmeticType[] = ["float32", "float16", "int8"];

/** The catalogue: one line per device. */
export function devicesDocument(devices: readonly Hardware[]): Document {
  return {
    title: "Devices",
    subtitle: "`joulecast devices NAME` shows every number and its source",
    sections: [
      {
        kind: "table",
        name: "devices",
        main: true,
        columns: [
          { title: "id" },
          { title: "name", priority: 2 },
          { title: "kind" },
          ...COMPARED.map((type) => ({ title: type, align: "right" as const, priority: type === "float32" ? 5 : 3 })),
          { title: "TDP", align: "right", priority: 4 },
          { title: "memory", align: "right", priority: 1 },
          { title: "bandwidth", align: "right", priority: 1 },
        ],
        rows: devices.map((device) => [
          textCell(device.id),
          textCell(device.name),
          textCell(device.kind),
          ...COMPARED.map((type) => quantityCell(device.peakFlopsPerS[type]?.value, rateUnit(type))),
          quantityCell(device.tdpW?.value, "W"),
          quantityCell(device.memoryBytes?.value, "B"),
          quantityCell(device.memoryBytesPerS?.value, "B/s"),
        ]),
      },
      { kind: "notes", notes: [`${countCell(devices.length).text} devices; use your own with --on ./my-device.json`] },
    ],
  };
}
