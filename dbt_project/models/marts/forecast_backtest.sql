{{ config(tags=['outlook']) }}

select
    run_id,
    indicator_id,
    area_system,
    area_version,
    level,
    grain,
    model,
    ahead,
    published,
    series,
    origins,
    forecasts,
    smape,
    mase,
    wis,
    coverage_80,
    coverage_95,
    status,
    reason,
    reason_en,
    as_of
from {{ source('computed', 'forecast_backtest') }}
