-- What a value computed from other values is made of; whoever withholds one of these withholds it too.
select
    value.indicator_id,
    value.area_system,
    value.area_version,
    value.area_id,
    value.period_start,
    value.grain,
    value.group_id,
    base.indicator_id as from_indicator_id,
    base.period_start as from_period_start
from {{ ref('indicator_value') }} as value
inner join {{ source('declared', 'indicator_derived') }} as derived
    on value.indicator_id = derived.indicator_id
inner join {{ ref('indicator_value') }} as base
    on
        derived.of_indicator_id = base.indicator_id
        and value.area_system = base.area_system
        and value.area_version = base.area_version
        and value.area_id = base.area_id
        and value.grain = base.grain
        and value.group_id = base.group_id
        and case derived.kind
            when 'change'
                then
                    base.period_start in (
                        value.period_start,
                        {{ period_earlier('value.period_start', 'value.grain', 'derived.against') }}
                    )
            else
                base.period_start between
                {{ year_begin('value.period_start', 'derived.year_starts') }} and value.period_start
        end
