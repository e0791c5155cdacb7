-- Simulated event logs for measuring. Every value is a hash of the number of its row: 4,000 grids, 1,500 communities, 6,000 rooms, 36 months.
CREATE MACRO first_day() AS DATE '2023-01-01';
CREATE MACRO n_days() AS 1096;
CREATE MACRO n_communities() AS 1500;
CREATE MACRO n_grids() AS 4000;
CREATE MACRO n_rooms() AS 6000;
-- Of one number alone: hashes of two numbers are combined, and such of neighbouring salts go together.
CREATE MACRO draw(x, salt) AS hash(x * 64 + salt);
CREATE MACRO chance(x, salt) AS (draw(x, salt) % 1000000) / 1000000e0;
CREATE MACRO community_code(c) AS '379901' || lpad(CAST(c // 100 + 1 AS VARCHAR), 3, '0') || lpad(CAST(c % 100 + 1 AS VARCHAR), 3, '0');
CREATE MACRO grid_code(g) AS community_code(g % n_communities()) || lpad(CAST(g // n_communities() + 1 AS VARCHAR), 3, '0');
CREATE MACRO key_of(x, salt) AS CAST(draw(x, salt) AS VARCHAR);

-- Of ten tickets seven are first contacts; the third repeats the second, the sixth the fifth, the seventh the sixth: c is the case, n its contact.
-- A share of the rows are the ticket before them once more.
CREATE MACRO exported(first, after, copies) AS TABLE
SELECT CASE WHEN chance(row, 22) < copies AND row % 10 > 0 THEN row - 1 ELSE row END AS i, row FROM range(first, after) AS t(row);

CREATE MACRO contacts(first, after, copies) AS TABLE
SELECT
  i, row, i % 10 AS step, CASE i % 10 WHEN 2 THEN i - 1 WHEN 5 THEN i - 1 WHEN 6 THEN i - 2 ELSE i END AS c,
  CASE WHEN i % 10 IN (2, 5) THEN 1 WHEN i % 10 = 6 THEN 2 ELSE 0 END AS n
FROM exported(first, after, copies);

CREATE MACRO moments(first, after, total, copies) AS TABLE
SELECT
  *, CAST(draw(c, 1) % n_grids() AS BIGINT) AS g,
  CAST(first_day() AS TIMESTAMP) + to_days(CAST(c * n_days() // total AS INTEGER)) + to_minutes(CAST(420 + draw(c, 2) % 900 AS BIGINT))
    + to_minutes(CAST(CASE WHEN n > 0 THEN 30 + draw(c, 3) % 9200 ELSE 0 END + CASE WHEN n > 1 THEN 30 + draw(c, 4) % 9200 ELSE 0 END AS BIGINT)) AS moment
FROM contacts(first, after, copies);

CREATE MACRO ticket_rows(first, after, total, copies) AS TABLE
SELECT
  'bench000::' || row AS row_id,
  'GD' || lpad(CAST(i AS VARCHAR), 10, '0') AS ticket_id,
  moment AS received_at,
  CASE WHEN chance(i, 5) >= 0.03 THEN moment + to_minutes(CAST(60 - 5760 * ln(1 - chance(i, 6)) AS BIGINT)) END AS closed_at,
  CASE WHEN chance(c, 7) < 0.20 THEN 'complaint' WHEN chance(c, 7) < 0.24 THEN 'report' WHEN chance(c, 7) < 0.58 THEN 'help'
    WHEN chance(c, 7) < 0.86 THEN 'inquiry' WHEN chance(c, 7) < 0.93 THEN 'suggestion' WHEN chance(c, 7) < 0.96 THEN 'praise' ELSE 'other' END AS type,
  CASE draw(c, 8) % 12 WHEN 0 THEN '物业服务' WHEN 1 THEN '停车管理' WHEN 2 THEN '环境卫生' WHEN 3 THEN '噪声扰民' WHEN 4 THEN '公共设施'
    WHEN 5 THEN '邻里纠纷' WHEN 6 THEN '违章搭建' WHEN 7 THEN '公共收益' WHEN 8 THEN '供水供暖' WHEN 9 THEN '道路交通' WHEN 10 THEN '教育医疗' ELSE '其他事项' END AS topic,
  CASE draw(i, 9) % 5 WHEN 0 THEN '12345热线' WHEN 1 THEN '12345热线' WHEN 2 THEN '物业' WHEN 3 THEN '网格' ELSE '小程序' END AS channel,
  CASE WHEN chance(c, 10) < 0.02 THEN 'withdrawn' WHEN chance(c, 10) < 0.022 THEN 'test' WHEN chance(i, 5) >= 0.03 THEN 'closed' ELSE 'open' END AS status,
  CASE WHEN chance(c, 11) < 0.01 THEN '邻县望洋镇' WHEN chance(c, 11) < 0.1 THEN community_code(g % n_communities()) ELSE grid_code(g) END AS place,
  chance(c, 11) < 0.01 AS is_outside,
  CASE WHEN n > 0 AND chance(i, 12) < 0.5 THEN 'GD' || lpad(CAST(c AS VARCHAR), 10, '0') END AS repeat_of,
  CASE WHEN n > 0 AND chance(i, 12) < 0.5 THEN TRUE END AS is_repeat,
  CAST(CASE WHEN chance(i, 13) < 0.02 THEN 5 + draw(i, 14) % 50 ELSE 1 END AS BIGINT) AS callers,
  CASE WHEN chance(c, 15) >= 0.1 THEN key_of(c, 16) END AS caller_key,
  CASE WHEN chance(c, 17) < 0.02 THEN CASE draw(c, 18) % 3 WHEN 0 THEN 'unreasonable' WHEN 1 THEN 'malicious' ELSE 'uncontrollable' END END AS handling,
  CASE WHEN chance(i, 5) >= 0.03 THEN chance(i, 19) < 0.8 END AS is_reached,
  CASE WHEN chance(i, 5) >= 0.03 AND chance(i, 19) < 0.8 THEN chance(i, 20) < 0.85 END AS is_resolved,
  CASE WHEN chance(i, 5) >= 0.03 AND chance(i, 19) < 0.6 THEN chance(i, 21) < 0.8 END AS is_satisfied
FROM moments(first, after, total, copies);

CREATE MACRO tickets(first, after, total) AS TABLE FROM ticket_rows(first, after, total, 0.005);

-- What the hotline exports of the same tickets, with texts of some forty characters.
CREATE MACRO hotline(first, after, total) AS TABLE
SELECT
  ticket_id, strftime(received_at, '%Y-%m-%d %H:%M:%S') AS received_at, channel,
  CASE type WHEN 'complaint' THEN '投诉' WHEN 'report' THEN '举报' WHEN 'help' THEN '求助' WHEN 'inquiry' THEN '咨询' WHEN 'suggestion' THEN '建议' WHEN 'praise' THEN '表扬' ELSE '其他' END AS type,
  topic,
  CASE WHEN caller_key IS NOT NULL THEN '161' || lpad(CAST(hash(caller_key) % 100000000 AS VARCHAR), 8, '0') END AS caller_phone, place,
  '来电人反映' || topic || '存在问题，已多次联系未见改善，希望有关部门尽快核实处理并回复，' || '第' || ticket_id || '号' AS content,
  CASE status WHEN 'open' THEN '处理中' WHEN 'closed' THEN '已办结' WHEN 'withdrawn' THEN '撤单' ELSE '测试' END AS status, strftime(closed_at, '%Y-%m-%d %H:%M:%S') AS closed_at,
  CASE WHEN is_repeat THEN '是' END AS is_repeat, repeat_of, CASE WHEN is_outside THEN '否' ELSE '是' END AS is_local, callers,
  CASE WHEN is_reached THEN '是' WHEN NOT is_reached THEN '否' END AS is_reached, CASE WHEN is_resolved THEN '是' WHEN NOT is_resolved THEN '否' END AS is_resolved,
  CASE WHEN is_satisfied THEN '满意' WHEN NOT is_satisfied THEN '不满意' END AS is_satisfied
FROM ticket_rows(first, after, total, 0);

CREATE MACRO bookings(first, after, total) AS TABLE
SELECT
  'bench000::' || i AS row_id, 'YY' || lpad(CAST(i AS VARCHAR), 9, '0') AS booking_id, 'R' || lpad(CAST(r AS VARCHAR), 5, '0') AS room,
  begins AS start_at, begins + to_minutes(30 * CAST(1 + draw(i, 34) % 8 AS BIGINT)) AS end_at,
  CASE WHEN chance(i, 35) < 0.85 THEN CAST(draw(i, 36) % 30 AS BIGINT) END AS headcount,
  chance(i, 37) < 0.06 AS is_cancelled, CAST(NULL AS BOOLEAN) AS is_used, key_of(i % 200000, 38) AS booker_key
FROM (
  SELECT
    i, CAST(draw(i, 31) % n_rooms() AS BIGINT) AS r,
    CAST(first_day() AS TIMESTAMP) + to_days(CAST(i * n_days() // total AS INTEGER)) + to_minutes(30 * CAST(14 + draw(i, 32) % 32 AS BIGINT)) AS begins
  FROM range(first, after) AS t(i)
);

-- Grids that change do so on the 16th of a month; every fifth of these is without a community for five days.
CREATE MACRO grids() AS TABLE
WITH facts AS (
  SELECT g, chance(g, 41) < 0.15 AS moves, chance(g, 41) < 0.03 AS has_hole, (g * 7 + 11) % n_communities() AS next,
    CAST(first_day() + to_months(CAST(6 + draw(g, 42) % 24 AS INTEGER)) + to_days(15) AS DATE) AS day
  FROM range(n_grids()) AS t(g)
)
SELECT 'grids:' || g || ':1' AS row_id, grid_code(g) AS grid_id, community_code(g % n_communities()) AS unit_id, DATE '2015-01-01' AS valid_from,
  CASE WHEN moves THEN day END AS valid_to, CAST(150 + draw(g, 43) % 300 AS BIGINT) AS households, CAST(2 AS BIGINT) AS staff
FROM facts
UNION ALL
SELECT 'grids:' || g || ':2', grid_code(g), community_code(next), CASE WHEN has_hole THEN CAST(day + to_days(5) AS DATE) ELSE day END, NULL,
  CAST(150 + draw(g, 43) % 300 AS BIGINT), 2
FROM facts WHERE moves
ORDER BY grid_id, valid_from;

CREATE MACRO roster() AS TABLE
SELECT 'roster:' || c || ':' || y AS row_id, community_code(c) AS unit_id, 'community' AS unit_level, community_code(c) AS community_id,
  '第' || c || '社区' AS name, 'S' || (c // 100) AS cluster_id, CAST(600 + draw(c, 51) % 900 + 10 * y AS BIGINT) AS households,
  CAST(1600 + draw(c, 51) % 2400 + 25 * y AS BIGINT) AS population, CAST(450 + draw(c, 51) % 700 + 5 * y AS BIGINT) AS youth_population,
  CAST(NULL AS DOUBLE) AS area_m2, DATE '2015-01-01' AS valid_from, CAST(NULL AS DATE) AS valid_to, '模拟' AS source,
  CAST((first_day() - 1) + to_years(CAST(y AS INTEGER)) AS DATE) AS as_of
FROM range(n_communities()) AS t(c), range(4) AS u(y)
ORDER BY c, y;

CREATE MACRO rollout() AS TABLE
SELECT 'rollout:' || c AS row_id, community_code(c) AS unit_id,
  CASE WHEN c % 3 = 0 THEN CAST(first_day() + to_months(CAST(12 + 4 * (draw(c, 61) % 3) AS INTEGER)) AS DATE) END AS start_month,
  'volunteer' AS chosen_by, 'community' AS assigned_level, community_code(c) AS assignment_id
FROM range(n_communities()) AS t(c) ORDER BY c;

CREATE MACRO coverage() AS TABLE
SELECT 'coverage:1' AS row_id, 'tickets' AS source, '*' AS unit_id, DATE '2022-12-01' AS live_from, CAST(NULL AS DATE) AS live_to, '' AS note;
