"""Makers, their product lines, and the small words of product titles: plain facts, no code.

One maker a line: `Maker (other spellings): p lines; l lines; t lines; w lines; h lines`, where p, l, t, w, h are
phones, laptops, tablets, watches and headphones. A line that only this maker uses gives the maker away by itself
("ThinkPad" -> Lenovo). One marked `~` is an everyday word or is shared: it counts only where the maker is written. One marked `^` is
an everyday word that gives the maker away once a number follows ("Yoga 7i", "Reno8", "Legion 5").
A maker marked `?` is an everyday word too ("Nothing", "Sharp"): it needs its usual place or one of its lines.
A maker marked `*` sells service or software beside gadgets: it gives way to any other maker in the text.
"""

MAKERS = """
Apple: p iPhone; l MacBook Pro, MacBook Air, MacBook, PowerBook, ~Mac Book; t iPad Pro, iPad Air, iPad mini, iPad; w Apple Watch, ~Watch Ultra, ~Watch Series, ~Watch SE, ~Watch, iWatch; h AirPods Pro, AirPods Max, AirPods, EarPods
Samsung (Samsumg, Samung): p Galaxy, ~Guru, ~Metro, ~Omnia, ~Wave, ~Gravity, ~Convoy, ~Rugby; l Galaxy Book, Galaxy Chromebook, ~Notebook, ~Chromebook, ~ATIV, ~Series; t Galaxy Tab, ~Tab; w Galaxy Watch, Galaxy Fit, Galaxy Gear, Galaxy Ring, ~Gear Fit, ~Gear; h Galaxy Buds, ~Level, ~Gear IconX, ~Buds
Xiaomi: p Redmi Note, Redmi, ~Poco, ^Mi Mix, ^Mi Note, ^Mi Max, ^Mi A, ^Mi, ~Mix Flip, ~Mix Fold, ~Mix, ~Civi, Pocophone; l RedmiBook, Redmi Book, ^Mi Notebook, ~NoteBook, ~Book; t Redmi Pad, ^Mi Pad, MiPad, ~Pad; w Mi Band, ^Smart Band, Redmi Watch, Redmi Band, Redmi Smart Band, ~Watch; h Redmi Buds, Redmi AirDots, Redmi SonicBass, Mi True Wireless, ~Buds, ~FlipBuds
POCO: p ~Poco; t ~Pad; w ~Watch; h ~Buds, ~Pods
realme (Real me): p Narzo, ~GT Neo, ~GT Master, ~GT, ~Note; l ~Book; t ~Pad; w ~Watch, ~Band, TechLife Watch; h ~Buds Air, ~Buds, TechLife Buds
DIZO: w ~Watch; h ~Buds, ~GoPods, ~Wireless
OPPO: p ^Reno, ^Find X, ~Find N, ~Find; t ~Pad; w ~Watch, ~Band; h ^Enco
OnePlus (One Plus, 1Plus): p ^Nord, ~Open, ~Ace; t ~Pad; w ~Watch, ~Nord Watch, ~Band; h ~Bullets, ~Nord Buds, ~Buds
vivo: p ~iQOO, ~NEX, ~X Fold, ~X Flip; t ~Pad; w ~Watch; h ~TWS
iQOO: p ~Neo; h ~TWS
Motorola (Moto Mobility): p Moto, Razr, ^Edge, ~Droid, ~One, ~Atrix, ~ThinkPhone, RAZR V3, ~Defy; l Motobook; t ~Xoom, ~Tab, Moto Tab, ~Pad; w Moto Watch, Moto 360; h Moto Buds, ~Verve, ~Buds, VerveBuds
Google*: p Pixel Fold, Pixel, ~Nexus; l Pixelbook, Chromebook Pixel, ~Chromebook; t Pixel Tablet, Pixel Slate; w Pixel Watch; h Pixel Buds
Nothing?: p ~Phone; h ~Ear; w ~Watch
CMF (CMF by Nothing): p ~Phone; h ~Buds, ~Neckband; w ~Watch
HONOR?: p ~Magic Vs, ~Magic V, ~Magic, ~View, ~Play, ~Holly; l MagicBook; t MagicPad, ~Pad; w ~Band, ~Watch, MagicWatch; h ~Earbuds, ~Choice, Magic Earbuds
Huawei: p ^Mate, ^Nova, ~Pura, ~P Smart, P Smart, Ascend, ~Enjoy, ~Y; l MateBook; t MatePad, MediaPad; w ~Watch Fit, ~Watch GT, ~Band, ~Watch, TalkBand; h FreeBuds, FreeClip, FreeLace
Sony Ericsson
Sony: p Xperia, ~Walkman; l VAIO; t Xperia Tablet; w ~SmartWatch, SmartBand; h WH-1000XM, WF-1000XM, LinkBuds, ~ULT Wear, ~Extra Bass, ~INZONE, ~WH, ~WF, ~WI, ~MDR, ~Pulse
Nokia: p Lumia, Asha, ~XpressMusic, ~Communicator; l PureBook, ~Booklet; t ~T20, ~T10, ~T21; h ~Essential, ~Lite Earbuds, ~Go Earbuds
HTC: p ^Desire, ~One, ~Wildfire, ~Sensation, ~Evo, ~U Ultra, ~Exodus, ~Butterfly; t ~Flyer
LG: p ^Optimus, ~Velvet, ~Wing, ^Stylo, ~Aristo, ~Nexus, ~ThinQ; l ^Gram, ~Ultra PC; t G Pad, ~Gpad; w ~Watch Urbane, ~Watch; h ~Tone Free, ~Tone
ASUS (Asus Tek, ASUSTeK): p ZenFone, ROG Phone, PadFone; l VivoBook, ZenBook, ROG Strix, ROG Zephyrus, ROG Flow, ROG, TUF Gaming, TUF Dash, ~TUF, ExpertBook, ProArt, ProArt Studiobook, StudioBook, EeeBook, Eee PC, AsusPro, ~Chromebook, ~Transformer, ~BR, ~Ally; t ZenPad, ~MeMO Pad, ~Transformer Pad, ~Fonepad; w ZenWatch, VivoWatch; h ~ROG Delta, ~ROG Cetra
Acer: p ~Liquid; l Aspire, ^Swift, ^Nitro, Predator, TravelMate, ^Extensa, ^Spin, ConceptD, ~Chromebook, ~Switch, ~Enduro, Ferrari One, ~ALG, ~One; t Iconia, ~Tab; w ~Leap; h ~GAHR
HP (Hewlett-Packard, Hewlett Packard, HewlettPackard): p ~iPAQ, ~Palm; l EliteBook, ProBook, ZBook, Pavilion, ^Envy, ^Spectre, OMEN, Victus, ^OmniBook, ^Dragonfly, Elite Dragonfly, ~Elite x2, ~Elite, ~Stream, ~Chromebook, ~Essential, ~Fury, ~mt, ~Compaq, ~Mini, ~ZHAN; t ~Slate, TouchPad, ~ElitePad, ~Pro Tablet
Compaq: l ~Presario
Dell: p ~Venue, ~Streak; l Latitude, Inspiron, ^Vostro, ^Precision, XPS, Studio XPS, ~Alienware, ~Chromebook, ~Rugged, ~Pro, ~Plus, ~Premium; t Venue, ^Latitude; h ~Pro Headset
Alienware: l ~Area-51m, ~Area 51
Lenovo: p ~Vibe, ~K, ~Phab, ~A, ~Legion Duel; l ThinkPad, IdeaPad, ThinkBook, ^Yoga, ^Legion, ~Flex, ^LOQ, ~Winbook, ~Chromebook, ~Duet, ~Miix, ~Essential, ~G, ~V, ~100e, ~300e, ~500e, ~Slim; t ~Tab, ~Yoga Tab, ~Yoga Tablet, ~IdeaTab, IdeaTab, ~Smart Tab, ~Chromebook Duet, ~Idea Tab; w ~Smart Watch; h ThinkPlus, ~LivePods
IBM: l ~ThinkPad
MSI: l ^Katana, ~Stealth, ~Raider, ~Cyborg, ~Crosshair, ~Vector, ~Titan, ~Pulse, ~Sword, ~Bravo, ~Delta, ~Alpha, ~Modern, ~Prestige, ~Summit, ~Creator, ~CreatorPro, ~Thin, ~Leopard, ~Venture, ~GF, ~GS, ~GE, ~GT, ~GL, ~GP, ~GV, ~Claw
Microsoft*: p ~Lumia, ~Surface Duo; l Surface Laptop Studio, Surface Laptop Go, Surface Laptop, Surface Book; t Surface Pro, Surface Go, Surface RT, Surface; w ~Band; h Surface Headphones, Surface Earbuds
Razer: p ~Phone; l ~Blade Stealth, ^Blade, ~Book; h ~Barracuda, ~BlackShark, ~Kraken, ~Hammerhead, ~Opus, ~Nari
Gigabyte: l Aorus, ~Aero, ~Gaming
Toshiba: l Satellite Pro, ^Satellite, ^Portege, ^Tecra, ~Qosmio, ~Chromebook; t ~Excite, ~Encore, ~Thrive
Dynabook: l ^Tecra, ^Portege, ^Satellite
Fujitsu: p ~Arrows; l LifeBook, ~Celsius; t ~Stylistic
Panasonic: p ~Eluga, ~Toughphone; l Toughbook, Let's note; t Toughpad; h ~RP, ~RB, ~RZ
VAIO
Avita: l ~Liber, ~Pura, ~Essential, ~Magus, ~Cosmos
Chuwi: l ~CoreBook, ~HeroBook, ~GemiBook, ~FreeBook, ~MiniBook, ~LapBook, ~UBook; t ~HiPad, ~Hi10, ~HiBook, ~Hi
Teclast: l ~F; t ~P, ~T, ~M
Infinix: p ~Hot, ~Note, ~Smart, ~Zero, ~GT; l INBook, ~Zero Book, ~Y; t XPad; h ~XE; w ~XWatch
Tecno: p ^Camon, ^Spark, ^Pova, ~Phantom, ~Pop; l MegaBook; t ~Megapad; w ~Watch; h ~Hipods
itel: p ~Vision, ~Magic, ~Power, ~P, ~A, ~S, ~RS, ~it, ~Color, ~Muzik, ~Ace, ~Super Guru; t ~Pad; w ~Smartwatch; h ~Roar
LAVA: p ~Blaze, ~Agni, ~Storm, ~Yuva, ~Iris, ~Bold, ~Shark, ~Pixel; t ~Magnum; h Probuds; w ProWatch
Micromax: p ~Canvas, ~Bharat, ~In Note, ~In, ~Bolt, ~Unite, Yureka; l ~Canvas Lapbook, ~LapTab; t ~Funbook, ~Canvas Tab
Karbonn: p ~Titanium, ~Aura, ~Kochadaiiyaan
Intex: p ~Aqua, ~Cloud, ~Turbo
iBall: p ~Andi; l CompBook; t ~Slide
Spice*: p ^Mi, ~Stellar, ~Boss
Jio: p JioPhone, ~Phone, ~Bharat; l JioBook
JioPhone: p ~Next
LYF: p ~Flame, ~Wind, ~Water, ~Earth
Gionee: p ~Elife, ~Pioneer, ~Marathon, ~Max; w ~StylFit
Coolpad: p ~Cool, ~Mega, ~Note
Meizu
ZTE: p ^Blade, ~Axon, ~Nubia, ~Avid, ~Maven, ~Zmax
nubia: p RedMagic, Red Magic, ~Z, ~Play, ~Neo, ~Focus
LeEco: p ~Le
Letv: p ~Le
Alcatel: p ~OneTouch, ~Pixi, ~Idol, ~Joy Tab; t ~3T
TCL: p ~Stylus, ~Ion, ~Flip; t ~Tab, ~NxtPaper; h ~MoveAudio, ~Socl
BlackBerry: p ~Bold, ~Curve, ~Torch, ~Passport, ~Classic, ~Priv, ~KeyOne, ~Key2, ~Storm, ~Pearl, ~Leap, ~DTEK; t PlayBook
Palm?: p ~Pre, ~Treo, ~Pixi, ~Centro
Sharp?: p Aquos
Kyocera: p ~DuraForce, ~Hydro, ~Duraxv
CAT?: p ~S22, ~S42, ~S52, ~S60, ~S61, ~S62, ~S75, ~B
Caterpillar
Doogee: p ~S, ~V, ^Blade, ~Fire; t ~T, ~R, ~U
Ulefone: p ~Armor, ~Note, ~Power; t ~Armor Pad, ~Tab
Blackview: p ^BV, ~A, ~Hero; l ~AceBook; t ~Tab, ~Mega, ~Active
Oukitel: p ~WP, ~C, ~K; t ~RT, ~OT
Cubot: p ~King Kong, ~KingKong, ~Note, ~P; t ~Tab
Umidigi: p ~Bison, ~Power, ~A; t ~G; w ~Uwatch; h ~AirBuds
Fossibot
AGM?: p ~Glory
RugGear
Hotwav: p ~Cyber
Oscal: t ~Pad
Vernee
Elephone
Leagoo
Homtom
Bluboo
Fairphone: h ~Fairbuds
Wiko: p ~View, ~Lenny, ~Power, ~Sunny, ~Robby, ~Rainbow
BQ: p Aquaris; t ~Aquaris
Gigaset: p ~GS, ~GX
Crosscall: p ~Core, ~Stellar, ~Action, ~Trekker
Emporia: p ~Smart, ~Joy
Doro: p ~PhoneEasy
Energizer?: p ~Hardcase, ~Ultimate
Essential?: p ~PH-1
Vertu: p ~Signature, ~Ascent, ~Constellation
BLU?: p ~Studio, ~Vivo, ~Life, ~Advance, ~Dash, ~Grand, ~Bold, ~View, ~G
Wileyfox: p ^Swift
YU?: p ~Yureka, ~Yunicorn, ~Yuphoria
Xolo: p ~Era, ~Black, ~Q
Celkon
Lephone
Swipe?: p ~Elite, ~Konnect
Smartron: p ~Srt, ~Tphone; l ~Tbook
iKall (I Kall)
Kechaoda
Lvix
GreenBerry
SAREGAMA: p ~Carvaan
MTR?
Snexian
Angage
Peace?
Vox?
Mymax
Salora
Zen?
Ziox
Videocon
Onida
Philips: p ~Xenium; h ~Fidelio, ~TAH, ~TAT, ~SHB, ~SHE, ~TAA
Siemens
Ericsson
Sagem
Benq
Punkt
Light Phone
Unihertz: p ~Jelly, ~Titan, ~Atom, ~TickTock
Murena
Teracube
Purism: p ~Librem
Sonim: p ~XP
Orbic: p ~Wonder, ~Magic
REVVL: p ~REVVL
T-Mobile*: p REVVL, REVVLRY, ~Sidekick; t ~Alcatel
AT&T*: p ~Radiant, ~Calypso, ~Maestro, ~Propel, ~Fusion, ~Motivate, ~Cingular Flip
Verizon*: t ~Ellipsis; p ~Jetpack
Cricket*: p ~Icon, ~Dream, ~Debut, ~Ovation, ~Influence, ~Vision, ~Outlast, ~Magic
Boost*: p Celero
Celero
TracFone*
Vodafone*: p ~Smart
Orange*?: p ~Neva
O2*?
NUU
Maxwest
Schok
Sky Devices
Vortex?
Amazon*: p ~Fire Phone; t Fire HD, Fire Max, Kindle Fire, ~Fire, ~Kindle; w ~Halo; h Echo Buds
Barnes & Noble: t Nook
Kobo
reMarkable
Wacom
onn.? (onn): t ~Surf
RCA: t ~Viking, ~Voyager, ~Atlas
Nextbook: t ~Ares
Insignia: t ~Flex
Dragon Touch: t ~Notepad, ~Max
Vankyo: t ~MatrixPad
Fusion5
Azpen
Alldocube: t ~iPlay, ~iWork, ~X
Yestel
Lectrus
Headwolf: t ~HPad, ~FPad, ~WPad
Hyundai?: t ~HyTab, HyTab; l ~Thinnote, ~HyBook, HyBook
Archos: t ~Oxygen, ~Arnova
Odys
Medion: p ~Life; l ~Akoya, Akoya, ~Erazer, Erazer; t LifeTab
TrekStor: l ~Surfbook, ~Primebook; t ~Surftab
Peaq
Denver?
Lenco
Prestigio: p ~Muze, ~Grace; t ~MultiPad, ~Wize; l ~Smartbook
Irbis
Digma
Dexp
Kiano
Thomson: l ~Neo
Jumper: l ~EZbook
Gateway?: l ~Ultra Slim, ~Creator
eMachines
Packard Bell: l ~EasyNote, EasyNote
Evoo
Core Innovations
SGIN
ACEMAGIC (AceMagician)
Auusda
Nimo
Jumper
BMAX: l ~MaxBook
KUU
GPD: l ~Pocket, ~Win, ~P2 Max
One-Netbook (OneXPlayer)
Framework?: l Framework Laptop, ~Laptop
System76: l ~Lemur, ~Oryx, ~Darter, ~Pangolin, ~Gazelle
Tuxedo?: l ~InfinityBook, ~Pulse, ~Stellaris
Schenker: l ~XMG, ~VIA
XMG: l ~Neo, ~Fusion, ~Core
Clevo
Sager
Eluktronics: l ~Mech, ~Max
Origin?: l ~EON
Maingear: l ~Vector
Eurocom
Origin PC
CyberPowerPC: l ~Tracer
Machenike
Mechrevo: l ~Jiaolong, ~Wujie
Hasee: l ~God of War
Colorful?: l ~Evol, ~X15
Thunderobot
AGB: l ~Octev, ~Tiara, ~Orion
Walker?
Primebook
Ultimus: l ~Apex, ~Elite
Zebronics: l ~Pro Series; h ~Zeb; w ~Zeb
Wings: l ~Nuvobook; h ~Phantom, ~Flobuds; w ~Strive
Nexstgo
Tecno Mobile
Vero
Mediacom: l SmartBook; t ~SmartPad
Positivo: l ~Motion
Multilaser: t ~M7
Exo?
Bangho
Hannspree
Getac
Xplore
Zebra?
Microtech: l ~CoreBook; t ~e-tab
Garmin: w Forerunner, Fenix, ~Venu Sq, ^Venu, Vivoactive, Vivosmart, Vivofit, Vivomove, ~Instinct, ~Epix, ~Lily, ~Enduro, ~Approach, ~Descent, ~Tactix, ~MARQ, ~Quatix, ~Swim, ~Bounce
Fitbit: w ~Charge, ^Versa, ~Sense, ~Inspire, ~Ionic, ~Luxe, ~Alta, ~Ace, ~Flex, ~Blaze, ~Surge, ~Zip, ~One
Amazfit: w ^Bip, ^GTS, ^GTR, ^T-Rex, ~Band, ~Stratos, ~Pace, ~Cheetah, ~Falcon, ~Balance, ~Active, ~Neo, ~Zepp, ~Verge, ~Nexo, ~Pop
Zepp
Fossil?: w ~Gen, ~Sport, ~Hybrid HR, ~Q, ~Carlyle, ~Julianna, ~Explorist
Skagen: w ~Falster
Michael Kors: w ~Access, ~Bradshaw, ~Runway, ~Lexington
Diesel?: w ~On
Armani (Emporio Armani)
Tag Heuer: w ~Connected
Casio: w G-Shock, ~Pro Trek, ~WSD
Mobvoi: w TicWatch; h TicPods
Withings: w ScanWatch, ~Steel HR, ~Move, ~Pulse HR
Nokia Steel
Polar?: w ~Vantage, ~Ignite, ~Grit, ~Unite, ~Pacer, ~M430, ~M400, ~A370
Suunto: w ~Spartan, ~Ambit, ~Traverse, ~Race, ~Vertical, ~Peak, ~Core
COROS: w ~Pace, ~Apex, ~Vertix
Pebble?: w ~Time Round, ~Time, ~Steel, ~Cosmos, ~Frost, ~Classic
TomTom: w ^Spark, ~Runner, ~Touch, ~Adventurer
Timex: w ~Ironman, ~Metropolitan, ~Helix, ~iConnect
Titan?: w ~Smart, ~Talk, ~Crest
Fastrack: w ~Reflex, ~Revoltt, ~Limitless, Reflex; h ~FPods
Sonata
Noise?: w ColorFit, NoiseFit, ~Pulse, ~Icon, ~Halo, ~Luna; h ~Buds, ~Air Buds, ~Shots, ^Tune, ~Sense, ~Bravo
boAt (boAthead, boAt Lifestyle): w ~Storm, ~Wave, ~Xtend, ~Flash, ~Primia, ~Lunar, ~Ultima, ~Enigma, ~Cosmos, ~Vertex, ~Blaze; h ^Airdopes, Airdopes, Rockerz, ~BassHeads, BassHeads, ~Nirvana, ~Immortal, ~TRebel
Fire-Boltt (Fire Boltt, Fireboltt): w ~Ninja, ~Phoenix, ~Gladiator, ~Visionary, ~Ring, ~Talk, ~Invincible, ~Dazzle, ~Supernova, ~Cobra, ~Hurricane, ~Rise, ~Beast, ~Epic, ~Tank, ~Legend, ~Call; h ~Fire Pods
Boult (Boult Audio, GoBoult, Goboult): h AirBass, ~Bassbuds, ~ProBass, ~Maverick, ~Omega, ~Curve, ~Z40, ~Z20, ~K40, ~W20, ~Klarity, ~Mustang; w ~Drift, ~Cosmic, ~Rover, ~Crown, ~Striker, ~Dire
Crossbeats: w ~Ignite, ~Orbit; h ~Airpop
pTron: w ~Force, ~Reflect, ~Pulsefit; h ~Bassbuds, ~Bassbud, ~Tangent, ~Studio, ~InTunes, ^Zenbuds
Mivi: w ~Model E; h ~DuoPods, DuoPods, ~Collar, ~SuperPods, ~ThunderBeats, ~Roam
Hammer?: w ~Pulse, ~Ace, ~Stroke
Ambrane: w ~Wise; h ~Dots
Gizmore: w ~Blaze, ~Gizfit, Gizfit
Maxima: w ~Max Pro
Inbase: w ~Urban
beatXP: w ~Marv, ~Vega, ~Unbound, ~Flare
Cult?: w ~Ranger, ~Sprint
Tagg: w ~Verve; h ^Liberty
Truke: h ~Buds, ~BTG, ~Fit; w ~Horizon
WeCool: h ~Moonwalk
Portronics: h ~Harmonics, ~Muffs; w ~Kronos
iTel
Syska: w ~Bolt
Zoook
Vingajoy
Letsfit
Letscom
Willful
Yamay
Umidigi Watch
Popglory
Agptek
Donerton
Lige
Kospet: w ~Tank, ~Prime
Zeblaze: w ~Vibe, ~Ares, ~Stratos, ~Thor, ~Beyond, ~Btalk
Haylou: w ~Solar, ~LS; h ~GT
IMILAB: w ~KW66
Blackview Watch
Imoo: w ~Watch Phone
Xplora
Koss: h ~Porta Pro, ~KSC75, ~KPH
Bose: h QuietComfort Ultra Earbuds, QuietComfort Earbuds, QuietComfort, ^QC, ~SoundSport, SoundLink, ~Sport Earbuds, ~Ultra Open, ~Sleepbuds, ~Noise Cancelling Headphones 700, ~Frames
JBL: h ^Tune, ~Live, ~Tour, ~Endurance, ~Quantum, ~Reflect, ~Wave, ~Vibe, ~Club, ~Everest, ~Free, ~Soundgear, ~Under Armour, ~C, ~E
Beats (Beats by Dr. Dre, Beats by Dre, Beats Electronics)?: h ~Studio Buds, ~Studio Pro, ~Studio, ~Solo Buds, ~Solo, ~Fit Pro, ~Flex, ~Powerbeats Pro, Powerbeats, ~PowerBeats, BeatsX, urBeats, ~EP, ~Mixr, ~Pill
Sennheiser: h ^Momentum True Wireless, ^Momentum, ~Accentum, ~HD, ~CX, ~IE, ~PXC, ~MM, ~GSP, ~RS, ~Sport
Skullcandy: h ^Crusher, ^Hesh, ~Indy, ~Dime, ~Sesh, ~Riff, ~Push, ~Jib, ~Ink'd, ~Inkd, ~Grind, ~Method, ~Cassette, ~Venue, ~Smokin Buds, ~Rail, ~Spoke, ~Uproar, ~Set
Jabra: h ~Elite, ^Evolve, ^Evolve2, ~Move, ~Talk, ~Engage, ~Biz, ~Halo, ~Rox
Anker: h Soundcore Life, Soundcore Liberty, Soundcore Space One, Soundcore Space, Soundcore, ~Life
Soundcore: h ^Liberty, ~Life, ~Space, ~Sport, ~AeroFit, ~Motion, ~VR
Audio-Technica (Audio Technica): h ATH, ~ATH
AKG: h ~K, ~Y, ~N
Beyerdynamic: h ~DT, ~Aventho, ~Lagoon, ~Amiron, ~Free Byrd, ~Soul Byrd
Shure: h ~Aonic, ~SE, ~SRH
Bang & Olufsen (B&O, B & O, Bang and Olufsen): h BeoPlay, ~Beoplay, ~Beosound, ~Form
Bowers & Wilkins (B&W, Bowers and Wilkins): h ~PX7, ~PX8, ~PX5, ~PX, ~Pi7, ~Pi5, ~P5, ~P7
Harman Kardon*: h ~Soho, ~Fly
Master & Dynamic: h ~MW, ~MH
Marshall?: h ~Major, ~Minor, ~Monitor, ~Mode, ~Mid, ~Motif
Plantronics (Poly): h BackBeat, ~Voyager, ~Blackwire, ~RIG
Logitech: h ~G Pro X, ~G Pro, ~Zone, ~Astro, ~G
HyperX: h ~Cloud, ~Cirro
SteelSeries: h ~Arctis
Corsair: h ~HS, ~Void, ~Virtuoso
Turtle Beach: h ~Stealth, ~Recon, ~Ear Force
Astro?: h ~A50, ~A40, ~A10
EPOS
Creative?: h ~Outlier, ~Zen, ~Aurvana, ~SXFI
Edifier: h ~W, ~TWS, ~NeoBuds, ~Stax
1MORE: h ~ComfoBuds, ~SonoFlow, ~PistonBuds, ~ColorBuds
SoundPEATS: h ~Air, ~Capsule, ~Mini, ~TrueFree, ~H1
SoundMAGIC: h ~ES, ~E
QCY: h ~T, ~HT, ~MeloBuds
Tribit: h ~QuietPlus, ~XFree, ~FlyBuds
Tozo: h ~T, ~NC, ~A
Mpow: h ~H, ~Flame, ~M
TaoTronics: h ~SoundSurge, ~SoundLiberty
Cowin: h ~E7
iJoy
Raycon: h ~Everyday, ~Fitness
JLab (JLab Audio): h ~Go Air, ~JBuds, ~Epic, ~Studio, ~Talk
House of Marley: h ~Positive Vibration, ~Smile Jamaica, ~Exodus
Urbanears: h ~Plattan, ~Hellas, ~Pampas
Grado: h ~SR, ~GW
Focal?: h ~Bathys, ~Utopia, ~Clear
HiFiMan: h ~Sundara, ~Ananda, ~HE
Audeze: h ~Maxwell, ~LCD, ~Mobius
Meze: h ~99
Moondrop: h ~Aria, ~Chu
KZ: h ~ZS10, ~ZSN, ~AS
Campfire Audio
Etymotic
Westone
Klipsch: h ~T5, ~R6, ~Reference
Denon: h ~PerL, ~AH
Yamaha: h ~YH, ~TW, ~EPH
Pioneer: h ~SE, ~HDJ
JVC: h ~HA, ~Gumy, ~Marshmallow
Kenwood
Monster?: h ~iSport, ~Clarity, ~DNA
Jaybird: h ~Vista, ~Tarah, ~X4, ~X3, ~Run, ~Freedom
Shokz (AfterShokz): h ~OpenRun, OpenRun, ~OpenFit, OpenFit, ~OpenSwim, ~OpenMove, ~Aeropex, ~Trekz, ~Air
Aftershokz: h ~Aeropex, ~Trekz, ~Air
Earfun: h ~Air, ~Free, ~Wave
Baseus: h ~Bowie, ~Encok
Ugreen: h ~HiTune
Cleer: h ~Alpha, ~Ally, ~Arc
Technics: h ~EAH
Teufel: h ~Airy, ~Real Blue, ~Supreme
Libratone: h ~Track, ~Q Adapt, ~Air
Nura: h Nuraphone, NuraLoop
Dyson*: h ~Zone
Sonos: h ~Ace
V-Moda: h ~Crossfade, Crossfade, ~M-100
Blaupunkt: h ~BTW
Infinity?: h ~Glide, ~Tranz
Leaf?: h ~Ear, ~Bass
Sound One: h ~V
Ant Esports (Ant Audio): h ~H, ~W, ~Wave
Redgear: h ~Cosmo, ~Cloak
Cosmic Byte: h ~GS
EKSA
Onikuma
Srhythm
Oneodio: h ~A, ~Pro
Picun
Zihnic
Puro Sound Labs
Avantree
Lucid Sound
Kickers
Planet Audio
Vertux
Trust?: h ~GXT
Nedis
Hama
Defunc
Happy Plugs
Sudio: h ~Vasa, ~Tolv, ~Nio, ~Ett
Jays: h ~a-Jays, ~x-Jays
Panda?
Motrox
"""


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    return text.split()


# Words that continue a product's name after its line ("Galaxy S24 Ultra", "Redmi Note 12 Pro").
NAME_WORDS = words("""
pro plus max ultra lite mini air fe se neo prime go gt note tab pad fold flip fusion power play stylus classic turbo youth
xl sport edge ace activ active slim flex duet carbon nano yoga extreme studio gaming series duo x360 x2 book pen
zoom speed edition master racing ce r rs t s x z c e g i a m k v p ti xr xs yureka phone view premium
advance essential signature dash phantom leopard stealth dominator raider apache titan ghost prestige modern sonic
convertible folio revolve strix scar zephyrus hero flow dash advantage helios triton neo spin swift eternity business
gen generation buds pods live tune wave charge force solar venu music sq nfc lily2 dynamic core open sense versa
elite evolve momentum sportz fit band watch solo clip ear stick link pop hot spark camon smart zero vision cloud
fury firefly create folder premier hypercharge pocket art xt ne laser superzoom hx vip pro-i techlife detachable tablet nxt nord reno find magic mate nova pura honor y c1
g-force champion explorer explore infinity next king star hd max+ pro+ plus+ 360 aero sonic qc over epic tws
cloud3 a-series b-series anc nc id jr junior xd kids wf wh wi classic2 xm buds2 zen gear moto rog legion strix tuf ideapad thinkpad slate
reflex trek venture ranger element elements style stylish hybrid hr steel call instinct crossover crusher evo hesh dime dopamine atom
quantum endurance sensor frontier selfie deluxe ar ultimate alpha macro legend special odyssey ai je compact enduro xz xa reactor rhythm beam peak pulse nitro predator vivobook zenbook oled
""")

# Words that never belong to a model's name; the name ends where one begins.
STOP_WORDS = words("""
laptop laptops notebook notebooks ultrabook netbook computer pc smartphone smartphones mobile mobiles cellphone cell handset
phones smartwatch smartwatches wristwatch wearable headphone headphones headset headsets earphone earphones earbud earbuds earpiece
neckband speaker speakers keyboard mouse workstation desktop monitor portable ordinateur portátil portatil portatile tablette
smart-watch tracker fitness activity bracelet wristband auricolari auriculares kopfhörer kopfhoerer écouteurs casque ecouteurs
montre reloj orologio uhr telefon handy telefono teléfono móvil movil celular cellulare smartfon cep telefonu bærbar
thin light thin&light lightweight touchscreen touch screen non-touch backlit backlight display fhd uhd wuxga qhd wqxga
ips amoled super lcd led retina liquid fullhd 4k 2k 3k 1080p 720p dolby atmos hdr
new brand-new sealed unopened open-box openbox renewed refurbished refurb used excellent mint like condition grade
certified pre-owned preowned unlocked locked sim-free simfree sim dual-sim dualsim factory network carrier gsm cdma
cracked broken faulty parts spares repair read reconditioned reacondicionado gebraucht generalüberholt neu nuevo usado occasion usato ricondizionato
reconditionné tested working boxed box warranty garantie garantía free shipping ships fast sale deal offer offers hot-deal clearance bundle
wifi wi-fi wlan lte volte 4g 3g 2g bluetooth bt5 gps cellular esim nfc-enabled wireless wired true truly truewireless tws-earbuds
with without w and y und et e con mit avec for fur für para pour per the a-grade of in on by from to & or at la le de der die das un une
unisex men women mens womens boys girls kids-friendly adult adults student students school college office home everyday
windows win win10 win11 w10 w11 w11h w10p dos ubuntu linux macos chromeos chrome ios android freedos os
black white blue red green grey gray silver gold rose pink purple yellow orange violet bronze copper teal lime cyan magenta
graphite midnight starlight navy beige cream charcoal titanium platinum onyx lavender mint coral ivory sand olive burgundy
champagne aqua turquoise indigo sierra alpine deep pacific space jet matte phantom-black prism aura crystal ds schwarz weiß weiss blau grün grau
noir blanc bleu rouge vert gris argent negro blanco azul rojo verde plata dorado rosa nero bianco blu rosso argento zwart wit
international global version model models us uk eu usa india indian import imported verizon sprint tmobile t-mobile at&t vodafone
ram rom ssd hdd emmc nvme storage memory gb tb mb ddr3 ddr4 ddr5 lpddr4x lpddr5 hard drive disk solid state
intel amd nvidia geforce radeon rtx gtx processor cpu gpu graphics graph quad octa hexa dual-core ryzen celeron pentium
snapdragon mediatek dimensity helio exynos kirin qualcomm unisoc spreadtrum xeon atom athlon tensor bionic apu
camera cameras battery mah mp hz fast-charging charging charger cable adapter case cover protector stylus-pen earhook
noise-cancelling noise-canceling noise cancelling canceling cancellation bass stereo deep-bass mic microphone playtime playback hours hrs hr-battery
waterproof water resistant resistance heart rate monitor sleep spo2 blood oxygen calling calls voice assistant alexa built-in
over-ear on-ear in-ear over-the-ear inear onear overear circumaural supra-aural foldable ear-hook
latest newest release released late early mid sealed-box stock launch official original genuine authentic 100%
multi-color multicolor color colour only also plus-size approx ca up upto expandable extended year years month months
price rs inr usd eur gbp emi off discount save cashback bank exchange mrp
tbps best seller bestseller top great very good fair poor acceptable b-grade c-grade grade-a excellent-condition
premium-design ultra-thin ultra-slim ultrathin ultraslim slim-bezel metal aluminium aluminum stainless steel-case leather silicone band-strap strap
2-in-1 2in1 2-in1 business-laptop fingerprint reader webcam numpad hdmi usb usb-c type-c rj45 dvd dvdrw optical ethernet thunderbolt
speicher arbeitsspeicher memoria memória mémoire almacenamiento armazenamento stockage lagring minne dysk pamięć pamiec opslag geheugen
modelo model modell modèle modello marca marke marque hersteller preis precio prix prezzo preço cena pris bildschirm pantalla schermo écran ecran ekran skärm tela
ecrã farbe couleur colore cor kolor färg sistema system prozessor procesador processeur processore processador procesor nfc
was now save statt uvp antes ahora fitness-tracker smart-band smart-phone head-phones ear-buds ear-phones este esta this dieses questo our no item art ref réf bar selling sell vendo vends verkaufe verkauf vende meet introducing presenting grado grade-b ohne zustand
compatible works supports support included includes include package combo kit lot bundle-pack pack set pcs pair
""")

# Things that are sold for a gadget but are none.
ACCESSORIES = words("""
case cover skin sleeve protector tempered charger cable adapter adaptor dock docking stand holder mount strap straps
funda coque étui etui housse custodia capa película pelicula schutzhülle schutzhuelle hülle huelle hoesje skal etui fodral obudowa pokrowiec schutzfolie panzerglas
replacement bumper pouch bag backpack hub stylus screenguard guard
""")

# Words that describe at the end of a name and are dropped there ("Nitro 5 Gaming" laptop).
DESCRIBES = words("""
active anc band business convertible gaming hybrid notebook phone premium series slim smart student stylish
tablet tws watch
""")

# What a table of specifications calls the maker.
BRAND_LABELS = words("brand fabricante hersteller make maker manufacturer marca marke marque merk märke producent")


def numbers(text: str) -> frozenset[float]:
    """The numbers of a text."""
    return frozenset(map(float, text.split()))


# Sizes that are sold, in GB; and diagonals that a bare decimal may mean, in inches.
RAM_SIZES = numbers("0.25 0.5 0.75 1 1.5 2 3 4 6 8 10 12 14 16 18 20 24 28 32 36 40 48 64 96 128 192 256")
DISK_SIZES = numbers("""
4 8 16 32 64 80 100 120 128 160 180 192 200 240 250 256 300 320 480 500 512 640 750 768 960 1000 1024
1280 1536 2000 2048 3072 4096 8192
""")
LAPTOP_INCHES = numbers("""
10.1 11.6 12.1 12.2 12.3 12.4 12.5 12.9 13 13.1 13.2 13.3 13.4 13.5 13.6 13.8 13.9 14 14.1 14.2 14.4
14.5 14.6 15 15.3 15.4 15.5 15.6 16 16.1 16.2 17 17.3 18 18.4
""")
TABLET_INCHES = numbers("""
7 7.9 8 8.3 8.4 8.7 8.8 8.9 9.7 10 10.1 10.2 10.3 10.4 10.5 10.6 10.8 10.9 11 11.2 11.5 11.6 12 12.1
12.3 12.4 12.6 12.7 12.9 13 13.2 14.6
""")

# How a currency is written, in lower case, by ISO code. A bare $ is the US dollar, a bare kr the Swedish krona.
SIGNS = """
AUD: aus | aud $ | au $ | au$ | a$ | aud
USD: uss | usd $ | us $ | us$ | u.s. $ | $ | usd | dollars
MXN: mxn $ | mx $ | mx$ | mxn
CAD: ca $ | c $ | c$ | ca$ | cad $ | cad
AED: dhs. | dhs | dh | aed
CHF: sfr. | sfr | chf | fr.
NZD: nz$
HKD: hk$ | hkd
SGD: s$ | sg$ | sgd
TWD: nt$
BRL: r$ | brl
PEN: s/. | s/
GBP: £ | gbp
EUR: € | eur | euros | euro
INR: ₹ | rs. | rs | inr
JPY: ¥ | jpy | 円
CNY: ￥ | cny | rmb | 元
RUB: ₽ | rub | руб
KRW: ₩ | krw
TRY: ₺ | try | tl
VND: ₫ | vnd
PHP: ₱ | php
THB: ฿ | thb
NGN: ₦ | ngn
ILS: ₪
BDT: ৳ | bdt
UAH: ₴
PLN: zł | pln
PKR: pkr
SEK: sek | kr. | kr
NOK: nok
DKK: dkk
HUF: huf | ft
CZK: czk | kč
RON: ron | lei
MYR: myr | rm
IDR: idr | rp
ZAR: zar
KES: kes | ksh
SAR: sar
EGP: egp
LKR: lkr
NPR: npr
"""
CURRENCIES = {sign.strip(): row[:3] for row in SIGNS.strip().splitlines() for sign in row[4:].split("|")}
