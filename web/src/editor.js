// The editor of a domain's text: CodeMirror in a shadow root, so that the page's style sheet and the
// editor's do not meet. Colours and fonts are the page's custom properties, which reach in here, so
// light and dark follow the page.
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { javascriptLanguage } from "@codemirror/lang-javascript";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { marks, marksKeymap, setMarks } from "./marks.js";

// Puts an editor into an empty element. `change` is called with the text at each edit, `submit` by
// Ctrl-Enter or Cmd-Enter.
export function mount(host, { text, label, change, submit }) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const run = () => {
    submit?.();
    return true;
  };
  const extensions = [
    // Tab is not here: it leaves the editor, as it leaves any field. Ctrl-] and Ctrl-[ indent.
    keymap.of([
      { key: "Mod-Enter", run },
      { key: "Ctrl-Enter", run },
      ...marksKeymap,
      ...closeBracketsKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...defaultKeymap,
    ]),
    marks,
    lineNumbers(),
    history(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    search({ top: true }),
    highlightSelectionMatches({ minSelectionLength: 3 }),
    javascriptLanguage,
    syntaxHighlighting(colours),
    indentUnit.of("  "),
    EditorState.tabSize.of(2),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({
      "aria-label": label,
      // What scrolls can be reached by keys.
      tabindex: "0",
      "aria-keyshortcuts": "Control+Enter Meta+Enter",
    }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) change?.(update.state.doc.toString());
    }),
    look,
  ];
  const state = (doc) => EditorState.create({ doc, extensions });
  const view = new EditorView({ state: state(text ?? ""), parent: root, root });

  // The page has keys of its own, and sees the host, which is no field. Escape would put the editor
  // away, and with it all that can be undone; Tab leaves it.
  const keep = (event) => event.stopPropagation();
  root.addEventListener("keydown", keep);

  return {
    text: () => view.state.doc.toString(),
    // Another text has nothing to undo.
    set: (doc) => view.setState(state(doc)),
    // Shows what is wrong, and where: [{ line, column, message }], counted from 1.
    mark: (faults) => view.dispatch({ effects: setMarks.of(faults) }),
    close() {
      root.removeEventListener("keydown", keep);
      view.destroy();
      root.replaceChildren();
    },
  };
}

// Each of these can be read on the panel's ground and on a selection, in both themes.
const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--quiet, GrayText)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--lilac, #6236ad)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--green, #106b3c)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--orange, #a84607)" },
  { tag: tags.propertyName, color: "var(--blue, #1a57c0)" },
  { tag: tags.definition(tags.propertyName), color: "var(--blue, #1a57c0)" },
  { tag: tags.function(tags.variableName), color: "var(--yellow, #6a5700)" },
  { tag: tags.invalid, color: "var(--red, #b0211a)" },
]);

const ring = { outline: "2px solid var(--blue, Highlight)", outlineOffset: "-2px" };

const look = EditorView.theme({
  "&": {
    flex: "1",
    minWidth: "0",
    height: "100%",
    color: "var(--text, CanvasText)",
    backgroundColor: "var(--panel, Canvas)",
    fontSize: "var(--t2, 12px)",
  },
  "&.cm-focused": ring,
  ".cm-scroller": { fontFamily: "var(--mono, monospace)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--text, CanvasText)", padding: "4px 0" },
  ".cm-content ::selection, .cm-content::selection": {
    backgroundColor: "var(--blue-soft, Highlight)",
  },
  ".cm-gutters": {
    color: "var(--faded, GrayText)",
    backgroundColor: "var(--panel, Canvas)",
    borderRight: "1px solid var(--line, GrayText)",
  },
  "&.cm-focused .cm-matchingBracket, .cm-matchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--edge, currentColor)",
  },
  "&.cm-focused .cm-nonmatchingBracket, .cm-nonmatchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--red, red)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--yellow-soft, Mark)" },
  ".cm-searchMatch": {
    backgroundColor: "var(--yellow-soft, Mark)",
    outline: "1px solid var(--edge, currentColor)",
  },
  ".cm-searchMatch.cm-searchMatch-selected": {
    backgroundColor: "var(--orange-soft, Highlight)",
    outline: "2px solid var(--orange, currentColor)",
  },
  ".cm-panels": {
    color: "var(--text, CanvasText)",
    backgroundColor: "var(--sunk, Canvas)",
    fontFamily: "var(--sans, sans-serif)",
  },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--line, GrayText)" },
  ".cm-panel.cm-search label": { fontSize: "inherit" },
  ".cm-textfield, .cm-button": {
    color: "inherit",
    background: "var(--panel, Canvas)",
    border: "1px solid var(--edge, GrayText)",
    borderRadius: "4px",
    font: "inherit",
  },
  ".cm-button:active": { background: "var(--blue-soft, Canvas)" },
  ".cm-panel.cm-search [name=close]": { color: "inherit", fontSize: "1.5em" },
  ".cm-panels :focus-visible": { ...ring, outlineOffset: "1px" },
});
