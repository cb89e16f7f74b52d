// What is wrong with the text: underlined where it is, told below its line, and marked in the gutter.
import { RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, GutterMarker, gutter, WidgetType } from "@codemirror/view";

// Takes the place of all marks: [{ line, column, message }], counted from 1. Columns are counted in
// whole characters; 0 or nothing means the whole line.
export const setMarks = StateEffect.define();

class Message extends WidgetType {
  constructor(text) {
    super();
    this.text = text;
  }
  eq(other) {
    return other.text === this.text;
  }
  toDOM() {
    const told = document.createElement("div");
    told.className = "cm-told";
    told.textContent = this.text;
    return told;
  }
  ignoreEvent() {
    return false;
  }
}

class Sign extends GutterMarker {
  constructor(text) {
    super();
    this.text = text;
  }
  eq(other) {
    return other.text === this.text;
  }
  toDOM() {
    const sign = document.createElement("span");
    sign.className = "cm-sign";
    sign.textContent = "!";
    sign.title = this.text;
    return sign;
  }
}

const under = Decoration.mark({ class: "cm-fault" });

const shown = ({ doc }, faults) => {
  const ranges = [];
  const signs = [];
  for (const { line: number, column, message } of faults) {
    const line = doc.line(Math.min(Math.max(1, number || 1), doc.lines));
    const [from, to] = place(line, column);
    if (from < to) ranges.push(under.range(from, to));
    ranges.push(
      Decoration.widget({ widget: new Message(message), block: true, side: 1 }).range(line.to),
    );
    signs.push(new Sign(message).range(line.from));
  }
  const at = faults.map(({ line, column, message }) => {
    const it = doc.line(Math.min(Math.max(1, line || 1), doc.lines));
    return { from: place(it, column)[0], message };
  });
  return { ranges: Decoration.set(ranges, true), signs: RangeSet.of(signs, true), at };
};

// From where to where a fault is underlined: a word, or one character.
const place = (line, column) => {
  const start = line.text.length - line.text.trimStart().length;
  if (!column) return [line.from + start, line.to];
  const before = [...line.text].slice(0, column - 1).join("").length;
  const from = Math.min(before, Math.max(0, line.text.length - 1));
  const [word] = /^[\p{L}\p{N}_$]+|^./su.exec(line.text.slice(from)) ?? [""];
  return [line.from + from, line.from + from + word.length];
};

const field = StateField.define({
  create: () => ({ ranges: Decoration.none, signs: RangeSet.empty, at: [] }),
  update(marked, { effects, changes, state }) {
    for (const effect of effects) if (effect.is(setMarks)) return shown(state, effect.value);
    if (changes.empty || !marked.at.length) return marked;
    return {
      ranges: marked.ranges.map(changes),
      signs: marked.signs.map(changes),
      at: marked.at.map(({ from, message }) => ({ from: changes.mapPos(from), message })),
    };
  },
  provide: (it) => [
    EditorView.decorations.from(it, ({ ranges }) => ranges),
    EditorView.contentAttributes.from(it, ({ at }) =>
      at.length ? { "aria-invalid": "true" } : {},
    ),
  ],
});

// Goes to the next fault, and says it to those who do not see it.
const next = (view) => {
  const { at } = view.state.field(field);
  if (!at.length) return false;
  const here = view.state.selection.main.head;
  const { from, message } = at.find((it) => it.from > here) ?? at[0];
  view.dispatch({
    selection: { anchor: from },
    scrollIntoView: true,
    effects: EditorView.announce.of(message),
  });
  return true;
};

export const marksKeymap = [{ key: "F8", run: next }];

export const marks = [
  field,
  gutter({ class: "cm-signs", markers: (view) => view.state.field(field).signs }),
  EditorView.theme({
    ".cm-fault": { textDecoration: "underline wavy var(--red, red)", textUnderlineOffset: "3px" },
    ".cm-told": {
      padding: "2px 8px",
      color: "var(--red, red)",
      backgroundColor: "var(--red-soft, Canvas)",
      fontFamily: "var(--sans, sans-serif)",
      whiteSpace: "pre-wrap",
    },
    ".cm-signs": { width: "1.5em" },
    ".cm-sign": {
      display: "block",
      textAlign: "center",
      fontWeight: "bold",
      color: "var(--red, red)",
    },
  }),
];
