/* Keyed, text-only DOM updates: a node is touched only where it changed, and nothing is ever read as markup. */
(function () {
  "use strict";
  const F = (window.floorcast = window.floorcast || {});
  const SVG = new Set(["svg", "g", "image", "polygon", "path", "line", "circle", "text", "title"]);
  const NS = "http://www.w3.org/2000/svg";

  F.h = (tag, props, ...children) => ({
    tag, props: props || {}, children: children.flat().filter((c) => c !== null && c !== undefined && c !== ""),
  });

  const create = (want) => {
    const node = SVG.has(want.tag) ? document.createElementNS(NS, want.tag) : document.createElement(want.tag);
    node.floorcastKey = want.props.key;
    return node;
  };

  const dress = (node, props) => {
    const worn = node.floorcastProps || {};
    for (const name in worn) if (!(name in props)) node.removeAttribute(name === "cls" ? "class" : name);
    for (const name in props) {
      if (name === "key" || worn[name] === props[name]) continue;
      if (name === "css") for (const rule in props.css) node.style.setProperty(rule, props.css[rule]);
      else node.setAttribute(name === "cls" ? "class" : name, props[name]);
    }
    node.floorcastProps = props;
  };

  const matches = (node, want) =>
    node && node.nodeType === 1 && node.localName === want.tag && node.floorcastKey === want.props.key;

  /* Make the children of ``parent`` the wanted ones; a keyed child keeps its node when it moves. */
  F.morph = function (parent, wanted) {
    if (!parent) return;
    const list = [].concat(wanted).filter((w) => w !== null && w !== undefined && w !== "");
    const keyed = new Map();
    for (const node of parent.childNodes) if (node.floorcastKey !== undefined) keyed.set(node.floorcastKey, node);
    list.forEach((want, i) => {
      const here = parent.childNodes[i];
      if (typeof want !== "object") {
        const text = String(want);
        if (here && here.nodeType === 3) { if (here.data !== text) here.data = text; return; }
        parent.insertBefore(document.createTextNode(text), here || null);
        return;
      }
      let node = here;
      if (!matches(here, want)) {
        const kept = want.props.key === undefined ? null : keyed.get(want.props.key);
        node = matches(kept, want) ? kept : create(want);
        parent.insertBefore(node, here || null);
      }
      dress(node, want.props);
      F.morph(node, want.children);
    });
    while (parent.childNodes.length > list.length) parent.lastChild.remove();
  };

  F.put = (id, wanted) => F.morph(document.getElementById(id), wanted);
})();
