-- What Logs Insights makes of values, as DuckDB macros. `text` is a string; `json` the JSON text of one value: a string in
-- quotes, a number, true, false, an object or a list. What kind it is, its first character says, and a comparison of the
-- whole text is the fastest look at that: it is `"` for what is between '"' and '#'.

-- Results that are no number (a division by zero) are missing.
CREATE OR REPLACE TEMP MACRO insights_finite(value) AS CASE WHEN isfinite(value) THEN value END;

-- A text that is wholly a number, as a number; else missing.
CREATE OR REPLACE TEMP MACRO insights_number(value) AS
    CASE WHEN regexp_full_match(value, '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?')
         THEN insights_finite(TRY_CAST(value AS DOUBLE)) END;

-- A number as GetQueryResults writes it: whole numbers without a point, others with as many digits as they need.
CREATE OR REPLACE TEMP MACRO insights_number_text(value) AS
    CASE WHEN NOT isfinite(value) THEN NULL
         WHEN value = trunc(value) AND abs(value) < 1e18 THEN CAST(CAST(value AS BIGINT) AS VARCHAR)
         ELSE CAST(value AS VARCHAR) END;

-- A string without backslashes has no quotes but those around it.
CREATE OR REPLACE TEMP MACRO insights_unquoted(json) AS
    CASE WHEN contains(json, '\') THEN json_extract_string(CAST(json AS JSON), '$') ELSE trim(json, '"') END;

CREATE OR REPLACE TEMP MACRO insights_json_number(json) AS
    CASE WHEN json >= '-' AND json < ':' THEN insights_finite(TRY_CAST(json AS DOUBLE))
         WHEN json >= '"' AND json < '#' THEN insights_number(insights_unquoted(json))
         WHEN json = 'true' THEN 1.0
         WHEN json = 'false' THEN 0.0 END;

CREATE OR REPLACE TEMP MACRO insights_json_structure(json) AS
    (json >= '{' AND json < '|') OR (json >= '[' AND json < '\');

-- What scalar functions see of a value: objects and lists are missing for them.
CREATE OR REPLACE TEMP MACRO insights_json_text(json) AS
    CASE WHEN json >= '"' AND json < '#' THEN insights_unquoted(json)
         WHEN json = 'true' THEN '1'
         WHEN json = 'false' THEN '0'
         WHEN insights_json_structure(json) THEN NULL
         WHEN regexp_matches(json, '[.eE]') OR length(json) > 18 THEN insights_number_text(TRY_CAST(json AS DOUBLE))
         ELSE json END;

-- What a result shows of a value.
CREATE OR REPLACE TEMP MACRO insights_json_shown(json) AS
    CASE WHEN insights_json_structure(json) THEN json ELSE insights_json_text(json) END;

CREATE OR REPLACE TEMP MACRO insights_time_text(milliseconds) AS
    strftime(epoch_ms(CAST(milliseconds AS BIGINT)), '%Y-%m-%d %H:%M:%S.%g');

-- Natural order of texts that are no numbers: runs of digits by their length, then their value; the rest by Unicode.
CREATE OR REPLACE TEMP MACRO insights_natural(value) AS
    CASE WHEN regexp_matches(value, '\d')
         THEN array_to_string(list_transform(regexp_extract_all(value, '\d+|\D+'),
              lambda run: CASE WHEN run[1] BETWEEN '0' AND '9'
                          THEN '0' || lpad(CAST(length(run) AS VARCHAR), 7, '0') || run ELSE run END), '')
         ELSE value END;

-- The JSON object or list in a line of text: the whole line, or from its first brace to its last.
CREATE OR REPLACE TEMP MACRO insights_json_in(message) AS
    CASE WHEN starts_with(message, '{') AND ends_with(message, '}') THEN message
         ELSE nullif(regexp_extract(message, '(?s)\{.*\}'), '') END;

-- The most frequent texts of a histogram, as a list; of equally frequent ones those that sort first.
CREATE OR REPLACE TEMP MACRO insights_topk(counts, most) AS
    list_transform(list_sort(list_transform(map_entries(counts),
        lambda entry: {'count': -CAST(entry.value AS BIGINT), 'text': entry.key}))[1:most], lambda entry: entry.text);
