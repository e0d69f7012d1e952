/* Style sheets that the page's own scripts make carry the page's nonce; one that came in as markup has none. */
(function () {
  "use strict";
  const nonce = document.currentScript.nonce, make = Document.prototype.createElement;
  Document.prototype.createElement = function (name, ...rest) {
    const made = make.call(this, name, ...rest);
    if (made.localName === "style") made.nonce = nonce;
    return made;
  };
})();
