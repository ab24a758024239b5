//! `leadkeep demo --year`: plays a year before it serves.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use indicatif::{ProgressBar, ProgressStyle};
use leadkeep::{
    app::Core,
    config::Settings,
    domain::{Clock, Timestamp, clock::DAY},
    server,
    store::private,
    system::{SystemClock, SystemRandom},
    year::{
        self, Door, Figures, Played, Plot, SeededRandom, Size, YearClock, figures,
        plot::{DAYS, calendar::day_of},
    },
};

use super::{
    Failure,
    card::{AppSignIn, Card, SignIn},
    found,
};
use crate::cli::output;

/// The list that was found outside.
pub(super) const FOUND: &str = "found-list.csv";
/// What really happened; nothing of the product reads it.
pub(super) const TRUTH: &str = "year.json";

/// Which year.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    seed: u64,
    size: Size,
    /// The first day.
    first: i64,
}

impl Wanted {
    /// The year of this seed in a company of so many people, 120 unless given, that ends on this day, `2026-11-21`; yesterday unless given.
    pub(super) fn new(seed: u64, people: Option<u16>, last: Option<&str>) -> Result<Self, Failure> {
        let people = people.map_or(Size::COMPANY.people, usize::from);
        let yesterday = SystemClock.now().day() - 1;
        let last = match last {
            None => yesterday,
            Some(text) => day_of(text).ok_or_else(|| Failure::usage("--last-day must be like 2026-11-21"))?,
        };
        if last > yesterday {
            return Err(Failure::usage("--last-day must be over: servers refuse what is signed in the future"));
        }
        Ok(Self { seed, size: Size { people, ..Size::COMPANY }, first: last - DAYS + 1 })
    }
}

/// Plays the year into an empty installation; its sign-ins, without an address yet, and what its alarms come to.
pub(super) async fn play(settings: &Settings, wanted: Wanted) -> Result<(Card, Figures), Failure> {
    let Wanted { seed, size, first } = wanted;
    let settings = year::settings(settings);
    let clock = Arc::new(YearClock::at(Timestamp((first - 1) * DAY)));
    // The keys are made by the system's chance, and before anything else asks for any.
    server::build_core(&settings, clock.clone(), Arc::new(SystemRandom)).await?.recorder.stop().await;
    let core = server::build_core(&settings, clock.clone(), Arc::new(SeededRandom::new(seed))).await?;
    found::begin(&core, &settings.data).await?;
    let plot = Plot::new(seed, size, first);
    output::note(format!("Playing a year of {} people (seed {seed}) …", plot.cast.people.len()));
    let bar = if output::is_watched() { ProgressBar::new(DAYS as u64) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left") {
        bar.set_style(style);
    }
    let tell = |told: year::Told| {
        bar.set_position(told.days);
        bar.set_message(format!("{} requests", told.requests));
    };
    let played = year::play(&core, &settings, &plot, (&clock, &SystemRandom), tell).await;
    bar.finish_and_clear();
    let told = match &played {
        Ok(played) => told(&core, &settings, &plot, played).await,
        Err(_) => Ok(Figures::default()),
    };
    core.recorder.stop().await;
    let failed = |error: year::YearError| Failure::failed(error.to_string());
    let (played, figures) = (played.map_err(failed)?, told.map_err(failed)?);
    write(&settings.data, &played)?;
    Ok((card(&plot, played), figures))
}

/// What the product's alarms about the year come to, held against the truth.
async fn told(core: &Arc<Core>, settings: &Settings, plot: &Plot, played: &Played) -> Result<Figures, year::YearError> {
    let door = Door::to(core, settings).await?;
    Ok(Figures::of(plot, played, &figures::spoken(&door, plot, played).await?))
}

/// The figures for people: how often each rule was about the one who copied, and how often about somebody else.
pub(super) fn tell(figures: &Figures) {
    output::line(format!(
        "\nThe alarms of the year, in {:.0} person-months with {} departures:\n",
        figures.person_months, figures.departures
    ));
    output::table(["RULE", "ABOUT THE THIEF", "ABOUT OTHERS", "A PERSON-MONTH"], &figures.rows());
}

fn write(folder: &Path, played: &Played) -> Result<(), Failure> {
    let truth = serde_json::to_string_pretty(&played.truth).map_err(|error| Failure::failed(error.to_string()))?;
    private::write_file(&folder.join(TRUTH), format!("{truth}\n").as_bytes())?;
    Ok(private::write_file(&folder.join(FOUND), played.found.as_bytes())?)
}

/// The first of each job who is still there.
fn card(plot: &Plot, played: Played) -> Card {
    let Played { passwords, app: (client_id, client_secret), .. } = played;
    let mut people = BTreeMap::new();
    for (person, password) in plot.cast.people.iter().zip(passwords) {
        let stays = person.leaves.is_none() && person.joins < plot.first;
        if stays {
            let key = person.job.role().to_owned();
            people.entry(key).or_insert_with(|| SignIn { email: person.email.clone(), password });
        }
    }
    Card { url: String::new(), people, app: AppSignIn { client_id, client_secret } }
}
