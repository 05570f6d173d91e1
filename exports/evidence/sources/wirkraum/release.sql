-- Which release this site shows.
select
    release_id, audience, municipality, title_de, title_en,
    strftime(cast(as_of as date), '%d.%m.%Y') as as_of_de,
    minimum_count, suppressed,
    replace(format('{:,}', suppressed), ',', '.') as suppressed_de
from release
