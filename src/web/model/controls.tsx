// The controls of an estimate: devices, batch, dimensions, phase, region, share of the peak. Each writes one parameter of the address.
import { useId, useState } from "preact/hooks";
import type { Catalogue, LoadedModel } from "../engine/messages.ts";
import type { Navigation } from "../navigation.tsx";
import { countOf, DEFAULT_REGION, devicesOf, dimensionParam, positiveOf } from "./question.ts";

interface AmountProps {
  readonly label: string;
  readonly value: number | undefined;
  /** Shown while nothing is given. */
  readonly placeholder?: string;
  /** Of the slider, which is logarithmic. */
  readonly least: number;
  readonly most: number;
  readonly isWhole?: boolean;
  /** Nothing above it can be meant. Default: no limit. */
  readonly limit?: number;
  readonly hint?: string;
  onChange(value: string | undefined, isSmall: boolean): void;
}

const SLIDER_STEPS = 1000;

/** A number to type, and a logarithmic slider beside it. */
export function Amount(props: AmountProps) {
  const { label, value, placeholder, least, most, isWhole, limit = Number.POSITIVE_INFINITY, hint, onChange } = props;
  const id = useId();
  const [isWrong, setWrong] = useState(false);
  const expected = isWhole
    ? "a whole number of at least 1"
    : `a number above 0${limit < Number.POSITIVE_INFINITY ? `, at most ${limit}` : ""}`;
  const shown = isWrong ? expected : hint;
  const take = ({ value: text, validity }: HTMLInputElement) => {
    const amount = isWhole ? countOf(text) : positiveOf(text);
    const isMeant = text === "" ? !validity.badInput : amount !== undefined && amount <= limit;
    setWrong(!isMeant);
    if (isMeant) onChange(text || undefined, false);
  };
  const span = Math.log(most / least);
  const place = Math.round((SLIDER_STEPS * Math.log((value ?? (Number(placeholder) || least)) / least)) / span);
  const fromSlider = (step: number): string => {
    const amount = least * Math.exp((span * step) / SLIDER_STEPS);
    return String(isWhole ? Math.round(amount) : Number(amount.toPrecision(2)));
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="amount">
        <input
          type="range"
          aria-label={`${label}, slider`}
          min={0}
          max={SLIDER_STEPS}
          value={Math.max(0, Math.min(SLIDER_STEPS, place))}
          aria-valuetext={String(value ?? placeholder ?? least)}
          onInput={(event) => {
            setWrong(false);
            onChange(fromSlider(event.currentTarget.valueAsNumber), true);
          }}
        />
        <input
          id={id}
          type="number"
          min={isWhole ? 1 : 0}
          step={isWhole ? 1 : "any"}
          value={value ?? ""}
          placeholder={placeholder ?? ""}
          aria-invalid={isWrong}
          aria-describedby={shown === undefined ? undefined : `${id}-hint`}
          onChange={(event) => take(event.currentTarget)}
        />
      </div>
      {shown !== undefined && (
        <p id={`${id}-hint`} class={`hint${isWrong ? " warning" : ""}`} role={isWrong ? "alert" : undefined}>
          {shown}
        </p>
      )}
    </div>
  );
}

interface DevicesProps {
  readonly catalogue: Catalogue | undefined;
  readonly chosen: readonly string[];
  onChange(devices: readonly string[]): void;
}

function DevicePicker({ catalogue, chosen, onChange }: DevicesProps) {
  const [search, setSearch] = useState("");
  const id = useId();
  const wanted = search.trim().toLowerCase();
  const devices = (catalogue?.devices ?? []).filter(({ kind }) => kind !== "memory" && kind !== "process");
  const shown = devices.filter(({ id: device, name }) => `${device} ${name}`.toLowerCase().includes(wanted));
  const toggle = (device: string, isOn: boolean) =>
    onChange(isOn ? [...chosen, device] : chosen.filter((name) => name !== device));
  return (
    <fieldset class="devices">
      <legend>Devices</legend>
      <label class="unseen" for={id}>
        Search devices
      </label>
      <input
        id={id}
        type="search"
        placeholder="search"
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
      />
      <div class="choices" tabIndex={0} role="group" aria-label="Devices to choose from">
        {shown
          .toSorted((a, b) => Number(chosen.includes(b.id)) - Number(chosen.includes(a.id)))
          .map(({ id: device, name }) => (
            <label key={device}>
              <input
                type="checkbox"
                checked={chosen.includes(device)}
                onChange={(event) => toggle(device, event.currentTarget.checked)}
              />
              {name.replace(/^(?:NVIDIA (?:GeForce )?|Intel )/u, "")}
            </label>
          ))}
        {shown.length === 0 && <p class="quiet">no device is called so</p>}
      </div>
    </fieldset>
  );
}

export interface ControlsProps {
  readonly at: Navigation;
  readonly catalogue: Catalogue | undefined;
  readonly models: readonly (LoadedModel | undefined)[];
  /** What the file says of its batch, while none is given. */
  readonly batch: number | undefined;
  /** Left out where a view chooses devices itself. */
  readonly devices?: boolean;
}

export function Controls({ at, catalogue, models, batch, devices = true }: ControlsProps) {
  const region = useId();
  const phase = useId();
  const open = new Map(models.flatMap((model) => model?.open ?? []).map((each) => [each.name, each]));
  const change = (name: string) => (value: string | undefined, isSmall: boolean) => at.set({ [name]: value }, isSmall);
  return (
    <form class="controls" aria-label="What is estimated" onSubmit={(event) => event.preventDefault()}>
      {[...open.values()].map(({ name, where }) => (
        <Amount
          key={name}
          label={`Length of ${name}`}
          hint={where}
          value={countOf(at.param(dimensionParam(name)))}
          least={1}
          most={8192}
          isWhole
          onChange={change(dimensionParam(name))}
        />
      ))}
      <Amount
        label="Batch"
        value={countOf(at.param("batch"))}
        {...(batch !== undefined && { placeholder: String(batch) })}
        least={1}
        most={1024}
        isWhole
        onChange={change("batch")}
      />
      <div class="field">
        <label for={phase}>Phase</label>
        <select
          id={phase}
          value={at.param("phase") ?? "inference"}
          onChange={({ currentTarget: { value } }) => at.set({ phase: value === "inference" ? undefined : value })}
        >
          <option value="inference">one inference pass</option>
          <option value="training">one training step</option>
        </select>
      </div>
      <div class="field">
        <label for={region}>Region of the grid</label>
        <select
          id={region}
          value={at.param("region") ?? DEFAULT_REGION}
          onChange={({ currentTarget: { value } }) => at.set({ region: value === DEFAULT_REGION ? undefined : value })}
        >
          {(catalogue?.regions ?? [{ code: DEFAULT_REGION, name: "World" }]).map(({ code, name }) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <Amount
        label="Share of peak rate reached"
        value={positiveOf(at.param("share"))}
        placeholder="1"
        least={0.01}
        most={1}
        limit={1}
        hint="1 is the bound; real kernels reach less"
        onChange={change("share")}
      />
      {devices && (
        <DevicePicker
          catalogue={catalogue}
          chosen={devicesOf(at.param("on"))}
          onChange={(names) => at.set({ on: names.join(",") || undefined })}
        />
      )}
    </form>
  );
}
