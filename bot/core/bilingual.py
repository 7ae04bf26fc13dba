"""Words of work in Chinese and English: what a word of the one language is called in the other.

A question in one language is answered from words in the other. Vectors cross that gap by themselves, but only roughly;
with the commonest words of office and engineering written down, words can too, and it can be told whether what was
found speaks of what was asked at all. The table is general vocabulary; it need not be complete to be of use.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from itertools import product

from bot.core.terms import content, terms

Terms = tuple[str, ...]

# Meanings, parted by semicolons: Chinese words, a bar, English words in their dictionary form.
_TABLE = """
部署|deploy deployment; 上线 发布 发版|release launch publish ship; 回滚|rollback revert;
版本|version release; 灰度|canary rollout gray grey gradual; 流水线|pipeline; 构建|build;
编译|compile build; 仓库 代码库|repository repo warehouse; 分支|branch; 合并|merge; 提交|commit submit;
代码|code; 评审 审查|review; 测试|test testing; 单元测试|unit; 用例|case testcase;
缺陷 漏洞|bug defect vulnerability; 错误 报错|error mistake; 异常|exception abnormal anomaly;
故障 事故|incident outage failure fault; 修复 修好|fix repair; 原因|cause reason why;
问题|issue problem question; 复现|reproduce recur; 解决|resolve solve fix;
排查 定位|troubleshoot locate diagnose investigate; 诊断|diagnosis diagnose; 日志|log;
监控|monitor monitoring; 告警 报警 警报|alert alarm warning; 值班|oncall duty; 服务|service;
服务器|server; 机器|machine; 集群|cluster; 节点|node; 容器|container; 镜像|image mirror;
配置|config configuration setting; 参数|parameter param; 环境|environment env; 生产|production prod;
预发|staging; 开发|develop development dev; 数据|data; 数据库|database db;
数据清洗|clean cleaning cleanse; 去重|deduplicate dedup duplicate; 表格 数据表|table; 字段|field column;
索引|index; 查询|query lookup; 检索 搜索|search retrieval retrieve; 召回|recall;
重排 重排器 排序|rerank ranking reranker sort; 向量|vector embedding; 混合|hybrid mixed; 模型|model;
训练|train training; 推理|inference reasoning; 评估 评测|evaluate evaluation assessment; 离线|offline;
在线|online; 标注|annotate annotation label; 标签|tag label; 样本|sample; 准确率 精度|accuracy precision;
命中率 命中|hit; 幻觉|hallucination; 指标|metric indicator; 口径|definition criteria caliber;
标准|standard criteria criterion bar; 阈值|threshold; 延迟 时延|latency delay;
耗时|duration elapsed took; 响应|response respond; 吞吐|throughput; 性能|performance;
优化|optimize optimization improve; 缓存|cache; 队列|queue; 并发|concurrency concurrent; 超时|timeout;
重试|retry; 限流|throttle limit; 降级|degrade fallback downgrade; 量化|quantize quantization;
压测|load stress; 内存|memory; 磁盘|disk; 网络|network; 带宽|bandwidth; 域名|domain; 证书|certificate;
接口|interface api endpoint; 协议|protocol agreement; 网关|gateway; 前端|frontend; 后端|backend;
客户端|client; 页面|page; 首页|homepage; 按钮|button; 卡片|card; 弹窗|popup dialog; 组件|component;
界面|ui interface; 设计|design; 草图 草稿 初稿|draft sketch; 原型|prototype; 图标|icon;
文案|copy wording copywriting; 提示|hint prompt tip; 提示词|prompt; 链接|link url; 附件|attachment;
截图|screenshot; 文件|file document; 文件夹 目录|folder directory; 文档|doc document documentation;
手册|manual handbook; 产品手册|manual; 指南|guide; 说明|description explain instruction;
规范|spec specification convention standard; 模板|template; 格式|format; 来源|source origin;
引用|cite citation reference quote; 知识库|knowledge; 词表 词库|wordlist vocabulary lexicon list;
清单 列表|list checklist; 名单|list roster; 产品|product; 功能|feature function; 能力|capability ability;
需求|requirement demand; 方案|plan solution proposal design; 计划|plan schedule; 排期|schedule timeline;
里程碑|milestone; 进度 进展|progress; 目标|goal target objective; 范围|scope range; 优先级|priority;
任务|task; 工单|ticket; 看板|board dashboard; 冻结|freeze frozen; 验收|acceptance accept;
试点|pilot trial; 内测|internal beta; 上架|publish list release store; 应用商店|store appstore;
应用|app application; 移动端 手机端|mobile; 小程序|miniprogram; 网站|website site; 桌面|desktop;
用户|user; 客户|customer client; 付费|paying paid; 供应商|supplier vendor; 合作伙伴|partner;
竞品|competitor; 市场|market; 销售|sales sell; 线索|lead; 商机|opportunity deal; 合同|contract;
报价|quote quotation pricing; 价格|price pricing; 价表 价目表|price pricelist; 折扣|discount; 订单|order;
退款|refund; 退货|return; 付款 支付|pay payment; 发票|invoice; 报销|reimburse reimbursement expense;
费用 成本 花费|cost expense fee; 预算|budget; 收入 营收|revenue income; 利润|profit;
财务|finance financial; 金额|amount; 税务 税率|tax; 工资 薪资 薪水|salary pay wage; 奖金|bonus;
绩效|performance appraisal; 合规|compliance; 法务|legal; 风险|risk; 安全|security safety secure;
权限|permission access privilege; 账号 账户|account; 登录|login signin; 密码 口令|password; 密钥|key;
验证 校验|verify validation validate check; 加密|encrypt encryption;
脱敏 打码|mask masking redact desensitize; 明文|plaintext; 隐私|privacy; 敏感|sensitive;
违禁词 敏感词|forbidden banned; 拦截|block intercept; 提醒|remind reminder;
通知|notify notification notice; 审批 批准|approve approval; 申请|apply application request;
流程|process procedure flow workflow; 步骤|step; 规则|rule; 规定 政策|policy regulation;
要求|requirement require; 限制|limit restriction; 审计|audit; 备份|backup; 恢复|restore recover recovery;
迁移|migrate migration; 升级|upgrade; 更新|update; 变更|change; 增量|incremental increment; 全量|full;
同步|sync synchronize align; 导入|import; 导出|export; 入库|ingest ingestion load; 下载|download;
上传|upload; 安装|install; 启动|start boot startup launch; 停止|stop; 重启|restart reboot;
关闭|close disable shut; 打开 开启|open enable; 删除|delete remove; 添加 新增 增加|add increase;
修改|modify edit change; 调整|adjust adjustment tune; 替换|replace; 选择|choose select pick;
决定|decide decision; 同意|agree; 反对|object oppose disagree against; 讨论|discuss discussion;
会议 开会|meeting; 周会 例会|weekly standup; 纪要|minutes; 总结 小结|summary summarize;
复盘|retrospective postmortem review; 报告 汇报|report; 周报|weekly report;
演示|demo demonstration presentation; 培训|training train; 反馈|feedback; 意见|opinion comment feedback;
建议|suggest suggestion advice recommend; 投诉|complaint; 客服|support service;
负责人|owner lead responsible; 负责|responsible owner charge; 团队|team; 小组 组|group team;
部门|department; 公司|company; 同事|colleague coworker; 老板|boss; 经理|manager;
产品经理|pm product manager; 工程师|engineer; 设计师|designer; 实习生|intern; 新人|newcomer newbie;
招聘|hire hiring recruit; 面试|interview; 入职|onboard onboarding; 离职|leave resign offboarding;
请假|leave; 休假 假期|vacation holiday leave; 出差|travel trip; 办公室|office; 手机|phone mobile;
手机号 电话号码|phone number; 电话|phone call; 邮件 邮箱|email mail; 地址|address; 身份证|id identity;
姓名 名字|name; 人员|person people staff; 专家|expert; 时间|time; 日期|date; 今天|today; 明天|tomorrow;
昨天|yesterday; 周一|monday; 周二|tuesday; 周三|wednesday; 周四|thursday; 周五|friday; 周六|saturday;
周日|sunday; 周末|weekend; 一月 1月|january jan; 二月 2月|february feb; 三月 3月|march mar;
四月 4月|april apr; 五月 5月|may; 六月 6月|june jun; 七月 7月|july jul; 八月 8月|august aug;
九月 9月|september sep; 十月 10月|october oct; 十一月 11月|november nov; 十二月 12月|december dec;
每天 每日|daily; 每周|weekly; 每月 月度|monthly; 季度|quarter quarterly; 年度|annual yearly;
截止|deadline due; 时限 期限|deadline limit period; 完成|complete finish done; 开始|start begin;
结束|end finish close; 暂停|pause suspend; 推迟 延期|postpone delay; 提前|early advance;
首次 第一次|first; 第一|first; 第二|second; 第三|third; 最后 最终|final last finally; 最新|latest newest;
旧版|old outdated; 下一步|next; 上一|previous last; 当前 目前|current currently; 临时|temporary;
长期|long-term; 默认|default; 必须|must mandatory; 可选|optional; 自动|automatic automatically auto;
手动 人工|manual manually human; 全部 所有|all; 部分|part partial;
比例 占比|ratio share proportion percentage; 数量|number count amount; 总数|total; 平均|average mean;
最大|max maximum; 最小|min minimum; 上升 提升 提高|rise improve increase raise;
下降 降低|drop decrease reduce lower cut; 飙升|surge spike; 达到|reach; 通过|pass approve;
失败|fail failure; 成功|success succeed; 支持|support; 影响|impact affect effect;
优势|advantage strength; 缺点|weakness disadvantage; 对比 比较|compare comparison;
差异 区别|difference differ; 统一|unify unified consistent; 重复|duplicate repeat;
缺失 缺少|missing lack; 泄露|leak; 占用|usage occupy; 消耗|consume consumption; 效果|effect result;
结果|result outcome; 结论|conclusion; 数字|number digit figure; 图片|picture image figure; 图表|chart;
视频|video; 音频 语音|audio voice; 语言|language; 中文|chinese; 英文 英语|english;
翻译|translate translation; 风格|style; 语气|tone; 类型|type kind; 分类|category classify classification;
意图|intent; 对话 会话|conversation session dialogue dialog; 消息|message; 回答 答案|answer;
提问 问法|question ask; 助手|assistant; 机器人|bot robot; 智能|intelligent smart ai; 生效|effective;
有效|valid effective; 失效 过期|expire expired invalid; 交付|deliver delivery;
实现|implement implementation; 使用|use usage; 调用|call invoke; 触发|trigger; 覆盖|cover coverage;
观察|observe watch; 处理|handle process; 外部|external outside; 内部|internal; 云服务 云端|cloud;
本地|local; 远程|remote; 第一期 一期|phase; 阶段|phase stage; 渠道|channel; 群聊|group chat;
物流|logistics shipping; 库存|inventory stock; 活动|campaign event activity; 推广|promotion promote;
广告|ad advertisement; 运营|operation; 战略 策略|strategy policy
"""


@cache
def _words() -> tuple[dict[str, tuple[Terms, ...]], dict[str, tuple[Terms, ...]], re.Pattern[str]]:
    """From Chinese words to English, from English terms to Chinese, and what finds the Chinese words in a text."""
    english: dict[str, dict[Terms, None]] = defaultdict(dict)
    chinese: dict[str, dict[Terms, None]] = defaultdict(dict)
    for meaning in _TABLE.split(";"):
        left, right = (half.split() for half in meaning.split("|"))
        for here, there in product(left, right):
            english[here][terms(there)] = None
            chinese[terms(there)[0]][terms(here)] = None
    longest_first = sorted(english, key=lambda word: (-len(word), word))
    return (
        {word: tuple(found) for word, found in english.items()},
        {term: tuple(found) for term, found in chinese.items()},
        re.compile("|".join(map(re.escape, longest_first))),
    )


def chinese_words(text: str) -> list[str]:
    """The Chinese words of the table that stand in the text, in order, the longest where they overlap."""
    return _words()[2].findall(text)


def in_english(word: str) -> tuple[Terms, ...]:
    """What a Chinese word is called in English, each name as its terms; empty where the table does not have it."""
    return _words()[0].get(word, ())


def in_chinese(term: str) -> tuple[Terms, ...]:
    """What an English term is called in Chinese, each name as its terms; empty where the table does not have it."""
    return _words()[1].get(term, ())


def translated(text: str) -> tuple[str, ...]:
    """The terms by which the other language may speak of what the text speaks of, each once."""
    found = [name for word in chinese_words(text) for name in in_english(word)]
    found += [name for term in content(text) if term.isascii() for name in in_chinese(term)]
    return tuple(dict.fromkeys(term for name in found for term in name))
