// One picture at a time: given to the server, and its answer drawn. Nothing from elsewhere is loaded.
const $ = (id) => document.getElementById(id);
const SHOWN = 5;
const LARGEST = 16 * 2 ** 20;
let token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
let card = null;
let turn = 0;
let stream = null;

if (token) history.replaceState(null, "", location.pathname);

function ask(path, options = {}) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  return fetch(path, { ...options, headers: { ...options.headers, ...headers } });
}

const percent = (share) => {
  const shown = (share * 100).toFixed(1);
  return share < 1 && shown === "100.0" ? "> 99.9 %" : share > 0 && shown === "0.0" ? "< 0.1 %" : `${shown} %`;
};

async function begin() {
  let answer;
  try {
    answer = await ask("/card");
  } catch {
    return complain("The server cannot be reached.");
  }
  $("door").hidden = answer.status !== 401;
  $("pick").hidden = answer.status === 401;
  if (answer.status === 401) {
    $("facts").textContent = "";
    $("door-told").textContent = token ? "That token is not the right one." : "";
    return $("token").focus();
  }
  if (!answer.ok) {
    $("facts").textContent = "The model is being loaded …";
    return setTimeout(begin, 500);
  }
  card = await answer.json();
  introduce(answer.headers.get("striate-model"));
}

function introduce(name) {
  const { classes, scores } = card;
  const few = classes.length <= 4 ? classes.join(", ") : `${classes.length} classes, such as ${classes.slice(0, 3).join(", ")}`;
  const score = scores?.test ?? scores?.val;
  let text = few;
  if (score?.interval_95) {
    const [low, high] = score.interval_95.map((share) => (share * 100).toFixed(1));
    text += ` · right on ${percent(score.accuracy)} of ${score.count.toLocaleString()} test pictures (95 %: ${low} to ${high})`;
    if (!scores.test) text = text.replace("test pictures", "val pictures");
  }
  $("facts").textContent = text;
  if (name) {
    $("name").textContent = name;
    document.title = `${name} · Striate`;
  }
}

function complain(text) {
  $("fault").textContent = text;
  $("fault").hidden = !text;
  if (text) document.body.classList.remove("waiting");
}

async function look(file) {
  const mine = ++turn;
  complain("");
  if (!file) return;
  if (file.size > LARGEST) return complain(`That file has ${(file.size / 2 ** 20).toFixed(1)} MiB, and the server takes up to 16.`);
  if (!card) return complain("The model is still being loaded.");
  document.body.classList.add("waiting");
  const options = { method: "POST", body: file, headers: { "content-type": file.type || "application/octet-stream" } };
  const began = performance.now();
  let answer, content;
  try {
    answer = await ask(`/predict?top=${SHOWN}`, options);
    content = await answer.json();
  } catch {
    return mine === turn && complain("The server cannot be reached.");
  }
  const spent = performance.now() - began;
  if (mine !== turn) return; // a later picture was given meanwhile
  const row = content.predictions?.[0];
  if (!row) return complain(answer.status === 503 ? "The server is busy. Try again in a moment." : sentence(content.error));
  if (row.error) return complain(sentence(`This picture cannot be read: ${row.error}`));
  draw(row, spent, Number(/dur=([\d.]+)/.exec(answer.headers.get("server-timing"))?.[1]));
  show($("given"), file);
  hide($("seen")); // what stands there belongs to the picture before
  $("seen-told").textContent = "What the network sees";
  let blob = null;
  try {
    const seen = await ask("/seen", options);
    if (seen.ok) blob = await seen.blob();
  } catch {} // the answer stands, and is said to be without it
  if (mine !== turn) return;
  if (blob) show($("seen"), blob);
  else $("seen-told").textContent = "What the network sees cannot be shown now";
  document.body.classList.remove("waiting");
}

const sentence = (text) => String(text ?? "The server gave no answer").replace(/^./, (c) => c.toUpperCase()).replace(/\.?$/, ".");

function show(image, blob) {
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(blob);
  image.onload = () => {
    image.classList.toggle("tiny", image.naturalWidth < 160);
    if (image.id === "seen") {
      const colour = card.preparation.mode === "L" ? "grey" : "colour";
      $("seen-told").textContent = `What the network sees: ${image.naturalWidth} × ${image.naturalHeight}, ${colour}`;
    }
  };
}

function hide(image) {
  URL.revokeObjectURL(image.src);
  image.onload = null;
  image.removeAttribute("src");
}

function draw(row, spent, inside) {
  document.body.classList.add("has-answer");
  $("pick-title").textContent = "Another picture";
  $("pick-how").textContent = "Drop or paste it anywhere on this page.";
  document.body.classList.toggle("doubtful", !row.sure);
  $("kind").textContent = row.sure ? `Sure: ${percent(row.probability)}` : "Not sure";
  $("label").textContent = row.sure ? row.label : `Perhaps ${row.label}`;
  const needed = percent(card.threshold).replace(".0 %", " %");
  const never = "This classifier is never sure: its scores allowed no threshold.";
  $("meaning").textContent = row.sure
    ? `Of answers like this one, ${percent(row.probability).replace(/^(?=\d)/, "about ").replace(/^> /, "more than ")} are right.`
    : card.threshold >= 1 ? never : `At ${percent(row.probability)} it stays below the ${needed} that this classifier needs to be sure.`;
  $("bars").replaceChildren(...row.top.map((one, place) => bar(one, place === 0)));
  $("key").hidden = card.threshold >= 1 || card.threshold <= 0;
  $("key-told").textContent = `sure from ${needed}`;
  const model = Number.isFinite(inside) ? `, ${inside.toFixed(0)} ms of it in the model` : "";
  $("time").textContent = `Answered in ${spent.toFixed(0)} ms${model}.`;
  $("result").hidden = false;
}

function bar({ label, probability }, isFirst) {
  const item = document.createElement("li");
  const name = document.createElement("b");
  const share = document.createElement("span");
  const track = document.createElement("div");
  const fill = document.createElement("i");
  name.textContent = label;
  share.className = "share";
  share.textContent = percent(probability);
  track.className = "bar";
  track.setAttribute("aria-hidden", "true"); // the number beside it says the same
  fill.style.width = `${probability * 100}%`;
  track.append(fill);
  if (isFirst && card.threshold > 0 && card.threshold < 1) {
    const tick = document.createElement("em");
    tick.style.left = `${card.threshold * 100}%`;
    track.append(tick);
  }
  item.append(name, share, track);
  return item;
}

async function openCamera() {
  $("camera-told").hidden = true;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (fault) {
    const why = { NotAllowedError: "The browser was told not to use the camera.", NotFoundError: "There is no camera." };
    $("camera-told").textContent = why[fault.name] ?? "The camera cannot be used.";
    $("camera-told").hidden = false;
    return;
  }
  $("video").srcObject = stream;
  $("camera").showModal();
  $("shoot").disabled = true;
  $("video").onloadeddata = () => {
    $("shoot").disabled = false;
    $("shoot").focus();
  };
}

function closeCamera() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  $("video").srcObject = null;
}

function shoot() {
  const video = $("video");
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  $("camera").close();
  canvas.toBlob((blob) => look(blob), "image/jpeg", 0.92);
}

const picture = (list) => [...(list ?? [])].find((file) => file.type.startsWith("image/")) ?? list?.[0];

$("choose").onclick = () => $("file").click();
$("file").onchange = () => {
  look($("file").files[0]);
  $("file").value = ""; // so that the same file can be chosen again
};
$("photograph").onclick = openCamera;
$("shoot").onclick = shoot;
$("leave").onclick = () => $("camera").close();
$("camera").onclose = closeCamera;
$("door").onsubmit = (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  begin();
};
addEventListener("paste", (event) => {
  const file = picture(event.clipboardData?.files);
  if (file) look(file);
});
let inside = 0;
const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
addEventListener("dragenter", (event) => {
  if (holdsFiles(event)) $("over").hidden = ++inside === 0;
});
addEventListener("dragleave", (event) => {
  if (holdsFiles(event)) $("over").hidden = --inside <= 0;
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  inside = 0;
  $("over").hidden = true;
  const file = picture(event.dataTransfer?.files);
  if (file) look(file);
  else complain("That was no file. Save the picture first, then drop it here.");
});
if (!navigator.mediaDevices?.getUserMedia) {
  $("photograph").disabled = true;
  $("camera-told").textContent = "Browsers lend the camera only to pages from this machine or over https.";
  $("camera-told").hidden = false;
}
begin();
