// What a person would do with the page, done in the page itself; what came of it is told in its last element.
addEventListener("error", event => document.body.dataset.error = event.message);
const told = [];
const panel = () => document.getElementById("panel").textContent;
const buttons = () => [...document.querySelectorAll("#map button")];
const key = name => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
try {
  told.push(buttons().map(b => b.textContent).join());
  buttons()[0].dispatchEvent(new MouseEvent("mouseover", { bubbles: true })); told.push(panel().includes("Title of a_one"));
  buttons()[0].focus(); key("ArrowDown"); told.push(document.activeElement.dataset.cell);
  document.activeElement.click(); told.push(document.activeElement.getAttribute("aria-pressed"), panel().includes("Title of c_lid"));
  buttons()[0].dispatchEvent(new MouseEvent("mouseover", { bubbles: true })); told.push(panel().includes("Title of a_one"));
  key("Escape"); buttons()[0].dispatchEvent(new MouseEvent("mouseover", { bubbles: true })); told.push(panel().includes("Title of a_one"));
  told.push([...document.querySelectorAll("#panel a")].map(a => a.href).join());
  const text = document.getElementById("text"); text.value = "c_lid"; text.dispatchEvent(new Event("input", { bubbles: true }));
  told.push(buttons().length); text.value = "";
  const sure = document.getElementById("verified"); sure.checked = true; sure.dispatchEvent(new Event("input", { bubbles: true }));
  told.push(buttons().map(b => b.dataset.cell).join());
  told.push(document.querySelectorAll("#conflicts details").length, document.querySelectorAll("#disputes details").length, document.querySelectorAll("#map button[tabindex='0']").length);
} catch (error) { told.push(String(error)); }
const out = document.createElement("pre"); out.id = "probe"; out.textContent = JSON.stringify(told); document.body.append(out);
