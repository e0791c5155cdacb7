-- Numbers figures and tables, resolves @fig-x and @tbl-x, and turns callouts and notes into what each format has for them.
-- The labels come as metadata: label_figure, label_table, label_gap, label_region; figure_width where Word's page is narrower than a figure.

local labels = { fig = "Figure", tbl = "Table", gap = " ", region = "table" }
local numbers, counters = {}, { fig = 0, tbl = 0 }
local unresolved = {}

local function kind_of(id)
  return id and id:match("^(fig)%-") or id and id:match("^(tbl)%-")
end

local function number(id)
  local kind = kind_of(id)
  if kind and not numbers[id] then
    counters[kind] = counters[kind] + 1
    numbers[id] = { kind = kind, text = labels[kind] .. labels.gap .. counters[kind] }
  end
end

local function prefix(caption, id)
  if not numbers[id] or #caption.long == 0 then return caption end
  local lead = pandoc.List({ pandoc.Span({ pandoc.Str(numbers[id].text) }, { class = "caption-number" }), pandoc.Str(labels.gap == "" and "　" or ". ") })
  local first = caption.long[1]
  first.content = lead .. first.content
  return caption
end

local function read_meta(meta)
  labels.fig = meta.label_figure and pandoc.utils.stringify(meta.label_figure) or labels.fig
  labels.tbl = meta.label_table and pandoc.utils.stringify(meta.label_table) or labels.tbl
  if meta.figure_width then labels.width = pandoc.utils.stringify(meta.figure_width) end
  if meta.label_region then labels.region = pandoc.utils.stringify(meta.label_region) end
  if meta.label_gap then labels.gap = pandoc.utils.stringify(meta.label_gap) end
end

local function collect(doc)
  doc:walk({
    traverse = "topdown",
    Figure = function(f) number(f.identifier) end,
    Table = function(t) number(t.identifier) end,
  })
end

local function figure(f)
  f.caption = prefix(f.caption, f.identifier)
  local alt
  f = f:walk({
    Image = function(image)
      alt = image.attributes["fig-alt"]
      image.attributes["fig-alt"] = nil
      image.attributes["alt"] = nil
      image.caption = alt and { pandoc.Str(alt) } or image.caption
      if FORMAT:match("html") then
        image.src = image.src:gsub("%.png$", ".svg")
        image.attributes["alt"] = alt
      end
      if FORMAT:match("docx") and labels.width then image.attributes.width = labels.width end
      if FORMAT:match("typst") then
        local escaped = (alt or ""):gsub("\\", "\\\\"):gsub('"', '\\"')
        return pandoc.RawInline("typst", 'image("' .. image.src .. '", alt: "' .. escaped .. '", width: ' .. (image.attributes.width or "86%") .. ')')
      end
      return image
    end,
  })
  if FORMAT:match("typst") then
    local inline
    f:walk({ RawInline = function(r) inline = r.text end })
    local caption = pandoc.write(pandoc.Pandoc(f.caption.long), "typst"):gsub("%s+$", "")
    return pandoc.RawBlock("typst", "#figure(" .. inline .. ", kind: image, caption: [" .. caption .. "]) <" .. f.identifier .. ">")
  end
  return f
end

local function table_(t)
  t.caption = prefix(t.caption, t.identifier)
  if FORMAT:match("html") then
    for _, row in ipairs(t.head.rows) do
      for _, cell in ipairs(row.cells) do cell.attr.attributes.scope = "col" end
    end
    local named = numbers[t.identifier] and numbers[t.identifier].text .. labels.gap or ""
    return pandoc.Div({ t }, pandoc.Attr("", { "table-scroll" }, { { "tabindex", "0" }, { "role", "region" }, { "aria-label", named .. labels.region } }))
  end
  return t
end

local function cite(c)
  local id = c.citations[1].id
  if not kind_of(id) then return nil end
  if not numbers[id] then
    unresolved[#unresolved + 1] = id
    return pandoc.Str("@" .. id)
  end
  return pandoc.Link({ pandoc.Str(numbers[id].text) }, "#" .. id)
end

local function span(s)
  if s.classes:includes("muted") and FORMAT:match("typst") then
    local inner = pandoc.write(pandoc.Pandoc({ pandoc.Plain(s.content) }), "typst"):gsub("%s+$", "")
    return pandoc.RawInline("typst", "#context text(calc.min(10.5pt, text.size), fill: muted)[" .. inner .. "]")
  end
end

-- A list of Word has a style of its own and would stand outside its box.
local function items_as_paragraphs(blocks)
  return pandoc.Blocks(blocks):walk({
    BulletList = function(list)
      local out = pandoc.List()
      for _, item in ipairs(list.content) do
        local first = item[1]
        if first and first.content then first.content:insert(1, pandoc.Str("•　")) end
        for _, block in ipairs(item) do out:insert(block.t == "Plain" and pandoc.Para(block.content) or block) end
      end
      return out
    end,
  })
end

local function div(d)
  local kind = d.classes[1] and d.classes[1]:match("^callout%-(%a+)$")
  if kind then
    local title = d.content[1]
    local body = pandoc.List(d.content)
    body:remove(1)
    local words = title.content
    if FORMAT:match("html") then
      local head = pandoc.Div({ pandoc.Para(words) }, pandoc.Attr("", { "box-title" }))
      body:insert(1, head)
      return pandoc.Div(body, pandoc.Attr("", { "box", "box-" .. kind }, { role = "note" }))
    elseif FORMAT:match("docx") then
      local head = pandoc.Div({ pandoc.Para(words) }, pandoc.Attr("", {}, { ["custom-style"] = "Callout Title" }))
      return { head, pandoc.Div(items_as_paragraphs(body), pandoc.Attr("", {}, { ["custom-style"] = "Callout" })) }
    elseif FORMAT:match("typst") then
      local head = pandoc.write(pandoc.Pandoc({ pandoc.Plain(words) }), "typst"):gsub("%s+$", "")
      local blocks = pandoc.List({ pandoc.RawBlock("typst", "#box-note(title: [" .. head .. "])[") })
      blocks:extend(body)
      blocks:insert(pandoc.RawBlock("typst", "]"))
      return blocks
    end
  end
  if d.classes:includes("source-note") then
    if FORMAT:match("docx") then
      return pandoc.Div(d.content, pandoc.Attr("", {}, { ["custom-style"] = "Source Note" }))
    elseif FORMAT:match("typst") then
      local blocks = pandoc.List({ pandoc.RawBlock("typst", "#source-note[") })
      blocks:extend(d.content)
      blocks:insert(pandoc.RawBlock("typst", "]"))
      return blocks
    end
  end
end

-- Typst keeps a short table whole, a note with what it explains, and a lead-in ending in a colon with its table.
local SHORT = 9

local function rows_of(t)
  local n = 0
  for _, body in ipairs(t.bodies) do n = n + #body.body end
  return n
end

local function is_note(block)
  return block and block.t == "Div" and block.classes:includes("source-note")
end

local function is_lead(block)
  return block.t == "Para" and pandoc.utils.stringify(block):match("[：:]$")
end

local function keep_together(blocks)
  if not FORMAT:match("typst") then return nil end
  local out = pandoc.List()
  for i, block in ipairs(blocks) do
    local following = blocks[i + 1]
    local rules = {}
    local short = block.t == "Table" and rows_of(block) < SHORT
    if short then rules[#rules + 1] = "breakable: false" end
    if (short or block.t == "Figure") and is_note(following) then rules[#rules + 1] = "sticky: true" end
    if #rules > 0 then
      out:insert(pandoc.RawBlock("typst", "#[#show figure: set block(" .. table.concat(rules, ", ") .. ")"))
      out:insert(block)
      out:insert(pandoc.RawBlock("typst", "]"))
    elseif is_lead(block) and following and following.t == "Table" then
      out:insert(pandoc.RawBlock("typst", "#block(sticky: true)["))
      out:insert(block)
      out:insert(pandoc.RawBlock("typst", "]"))
    else
      out:insert(block)
    end
  end
  return out
end

return {
  { Meta = read_meta },
  { Pandoc = function(doc) collect(doc) end },
  { Cite = cite },
  { Blocks = keep_together },
  { Figure = figure, Table = table_, Div = div, Span = span },
  { Pandoc = function()
      if #unresolved > 0 then io.stderr:write("unresolved: " .. table.concat(unresolved, ", ") .. "\n") end
    end },
}
