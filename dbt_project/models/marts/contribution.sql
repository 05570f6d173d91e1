-- What a service contributes, beside the latest figures of whom it reaches. No effect is claimed or computed.
with city as (
    select
        area_system,
        area_version,
        area_id
    from {{ source('declared', 'area') }}
    where not is_unassigned
    qualify level_rank = max(level_rank) over (partition by area_system, area_version)
),

latest as (
    select reach.*
    from {{ ref('programme_reach') }} as reach
    inner join city
        using (area_system, area_version, area_id)
    where reach.part = 'area'
    qualify row_number() over (
        partition by reach.service_id, reach.programme_id, reach.area_system
        order by
            list_position(['month', 'quarter', 'half_year', 'year'], reach.grain) desc,
            reach.period_start desc,
            reach.area_id asc
    ) = 1
),

-- A dialogue was held if something came of it, or if it lies no later than the newest delivery.
held as (
    select dialogue.*
    from {{ source('declared', 'dialogue') }} as dialogue
    where
        dialogue.has_outcome
        or dialogue.held_on <= (
            select max(delivery.as_of) from {{ source('ledger', 'delivery') }} as delivery
            where delivery.as_of <= cast('{{ var("as_of") }}' as date)
        )
),

last_dialogue as (
    select
        link.service_id,
        held.dialogue_id,
        held.held_on,
        held.title_de,
        held.title_en
    from held
    inner join {{ source('declared', 'dialogue_indicator') }} as topic
        using (dialogue_id)
    inner join {{ source('declared', 'service_indicator') }} as link
        on topic.indicator_id = link.indicator_id
    qualify row_number() over (
        partition by link.service_id order by held.held_on desc, held.dialogue_id asc
    ) = 1
),

changed as (
    select
        service_id,
        dialogue_id,
        string_agg(strftime(since, '%d.%m.%Y') || ': ' || what_de, chr(10) order by since, what_de)
            as changed_de,
        string_agg(strftime(since, '%Y-%m-%d') || ': ' || what_en, chr(10) order by since, what_de)
            as changed_en
    from {{ source('declared', 'dialogue_change') }}
    group by service_id, dialogue_id
)

select
    service.department_id,
    said.service_id,
    latest.programme_id,
    service.name_de,
    service.name_en,
    said.does_de,
    said.does_en,
    said.outcome_de,
    said.outcome_en,
    said.indicator_id,
    said.reaches_de,
    said.reaches_en,
    said.misses_de,
    said.misses_en,
    latest.area_system,
    latest.area_version,
    latest.area_id,
    latest.period_start,
    latest.grain,
    latest.target_group_id,
    latest.counts,
    latest.reached,
    latest.need,
    latest.not_reached,
    latest.not_reached_low,
    latest.not_reached_high,
    latest.without_area,
    coalesce(latest.status, 'not_collected') as status,
    if(latest.status is null, 'wen diese Leistung erreicht, wird nicht gezählt', latest.reason) as reason,
    if(latest.status is null, 'whom this service reaches is not counted', latest.reason_en) as reason_en,
    last_dialogue.dialogue_id,
    last_dialogue.held_on as dialogue_on,
    last_dialogue.title_de as dialogue_de,
    last_dialogue.title_en as dialogue_en,
    case
        when last_dialogue.dialogue_id is null then 'über diese Leistung wurde noch kein Gespräch geführt'
        else coalesce(changed.changed_de, 'nach diesem Gespräch ist keine Änderung vermerkt')
    end as changed_de,
    case
        when last_dialogue.dialogue_id is null then 'no dialogue about this service has been held yet'
        else coalesce(changed.changed_en, 'no change is noted after this dialogue')
    end as changed_en,
    said.also_acting_de,
    said.also_acting_en,
    {{ no_proof('de') }} as does_not_claim_de,
    {{ no_proof('en') }} as does_not_claim_en,
    latest.as_of
from {{ source('declared', 'contribution') }} as said
inner join {{ source('declared', 'service') }} as service
    on said.service_id = service.service_id
left join latest
    on said.service_id = latest.service_id
left join last_dialogue
    on said.service_id = last_dialogue.service_id
left join changed
    on said.service_id = changed.service_id and last_dialogue.dialogue_id = changed.dialogue_id
