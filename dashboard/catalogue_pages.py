"""Words of the managers' pages made of settings, forecasts, weeks and playlists: English and Chinese."""

PAGES: dict[str, tuple[str, str]] = {
    # settings
    "set.sub": (
        "Each change is checked as at start, written into {file} with its comments kept, and can be undone.",
        "每项修改按启动规则校验后写入 {file}，注释保留，可撤销。",
    ),
    "set.restart": (
        "Settings are read when a process starts. After a change, restart:",
        "设置在进程启动时读取。修改后请重启：",
    ),
    "set.stale": (
        "The file is newer than what runs. Restart to apply:",
        "配置已更新，尚未生效。请重启：",
    ),
    "set.sections": ("Sections", "分区"),
    "set.section.store": ("Store", "门店"),
    "set.section.hours": ("Opening hours", "营业时间"),
    "set.section.doors": ("Doors", "出入口"),
    "set.section.zones": ("Zones and plan", "区域与平面图"),
    "set.section.tills": ("Tills", "收银台"),
    "set.section.targets": ("Targets", "目标"),
    "set.section.rules": ("Rules", "规则"),
    "set.section.people": ("People and shifts", "人员与班次"),
    "set.section.past": ("Changes and undo", "修改记录与撤销"),
    "set.add": ("Add", "添加"),
    "set.add.doors": ("Add a door", "添加出入口"),
    "set.add.zones": ("Add a zone", "添加区域"),
    "set.add.tills": ("Add a till", "添加收银台"),
    "set.add.rules": ("Add a rule", "添加规则"),
    "set.add.people": ("Add a person", "添加人员"),
    "set.remove": ("Remove", "删除"),
    "set.sure": ("Really remove?", "确认删除？"),
    "set.ok": ("Saved", "已保存"),
    "set.undo": ("Undo", "撤销"),
    "set.undone": ("Taken back", "已撤销"),
    "set.undo_last": ("Undo the newest change", "撤销最近一次修改"),
    "set.need": ("needed", "必填"),
    "set.none": ("Nothing was changed here yet", "尚无修改记录"),
    "set.conflict": (
        "The file was changed elsewhere meanwhile. Load the page again.",
        "配置文件已被其他人修改，请重新加载页面。",
    ),
    "set.plan": ("Floor plan", "楼层平面图"),
    "set.plan_sub": (
        "Drag a corner, or move it with the arrow keys; Insert adds, Delete removes one. Double-click ends a drawing.",
        "拖动顶点或用方向键移动；Insert 添加顶点，Delete 删除顶点；双击结束绘制。",
    ),
    "set.draw": ("Draw anew", "重新绘制"),
    "set.save_plan": ("Save the plan", "保存平面图"),
}
