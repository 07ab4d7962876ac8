// Two-letter to three-letter country codes [ISO3166]. Names come from Intl.DisplayNames; only what people also type is listed.

const PAIRS = `
AF AFG AX ALA AL ALB DZ DZA AS ASM AD AND AO AGO AI AIA AQ ATA AG ATG AR ARG AM ARM AW ABW AU AUS AT AUT AZ AZE BS BHS BH BHR
BD BGD BB BRB BY BLR BE BEL BZ BLZ BJ BEN BM BMU BT BTN BO BOL BQ BES BA BIH BW BWA BR BRA VG VGB BN BRN BG BGR BF BFA BI BDI
CV CPV KH KHM CM CMR CA CAN KY CYM CF CAF TD TCD CL CHL CN CHN CO COL KM COM CG COG CD COD CK COK CR CRI CI CIV HR HRV CU CUB
CW CUW CY CYP CZ CZE DK DNK DJ DJI DM DMA DO DOM EC ECU EG EGY SV SLV GQ GNQ ER ERI EE EST SZ SWZ ET ETH FK FLK FO FRO FJ FJI
FI FIN FR FRA GF GUF PF PYF GA GAB GM GMB GE GEO DE DEU GH GHA GI GIB GR GRC GL GRL GD GRD GP GLP GU GUM GT GTM GG GGY GN GIN
GW GNB GY GUY HT HTI HN HND HK HKG HU HUN IS ISL IN IND ID IDN IR IRN IQ IRQ IE IRL IM IMN IL ISR IT ITA JM JAM JP JPN JE JEY
JO JOR KZ KAZ KE KEN KI KIR XK XKX KW KWT KG KGZ LA LAO LV LVA LB LBN LS LSO LR LBR LY LBY LI LIE LT LTU LU LUX MO MAC MG MDG
MW MWI MY MYS MV MDV ML MLI MT MLT MH MHL MQ MTQ MR MRT MU MUS YT MYT MX MEX FM FSM MD MDA MC MCO MN MNG ME MNE MS MSR MA MAR
MZ MOZ MM MMR NA NAM NR NRU NP NPL NL NLD NC NCL NZ NZL NI NIC NE NER NG NGA NU NIU KP PRK MK MKD MP MNP NO NOR OM OMN PK PAK
PW PLW PS PSE PA PAN PG PNG PY PRY PE PER PH PHL PL POL PT PRT PR PRI QA QAT RE REU RO ROU RU RUS RW RWA WS WSM SM SMR ST STP
SA SAU SN SEN RS SRB SC SYC SL SLE SG SGP SX SXM SK SVK SI SVN SB SLB SO SOM ZA ZAF KR KOR SS SSD ES ESP LK LKA SH SHN KN KNA
LC LCA PM SPM VC VCT SD SDN SR SUR SE SWE CH CHE SY SYR TW TWN TJ TJK TZ TZA TH THA TL TLS TG TGO TK TKL TO TON TT TTO TN TUN
TR TUR TM TKM TC TCA TV TUV UG UGA UA UKR AE ARE GB GBR US USA UY URY UZ UZB VU VUT VA VAT VE VEN VN VNM VI VIR WF WLF EH ESH
YE YEM ZM ZMB ZW ZWE`;

const codes = PAIRS.trim().split(/\s+/u);

/** Three-letter code by two-letter code. */
export const ALPHA3: ReadonlyMap<string, string> = new Map(
  Array.from({ length: codes.length / 2 }, (_, i) => [codes[2 * i]!, codes[2 * i + 1]!] as const),
);

/** Other names of countries and regions, in any case: to the key of the intensity table. */
export const OTHER_NAMES: Readonly<Record<string, string>> = {
  UK: "GBR",
  "Great Britain": "GBR",
  Britain: "GBR",
  England: "GBR",
  America: "USA",
  "United States of America": "USA",
  "Czech Republic": "CZE",
  Holland: "NLD",
  Turkey: "TUR",
  "Ivory Coast": "CIV",
  Korea: "KOR",
  "Republic of Korea": "KOR",
  "Russian Federation": "RUS",
  Vietnam: "VNM",
  Burma: "MMR",
  Macedonia: "MKD",
  Congo: "COG",
  "DR Congo": "COD",
  "Hong Kong": "HKG",
  Macau: "MAC",
  Palestine: "PSE",
  "European Union": "EU",
  EU27: "EU",
  Global: "WORLD",
};
