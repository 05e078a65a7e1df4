//! Scripts that nobody thought of: everything that can happen, in any order.
//!
//! What must hold is checked as it happens, by the world: no caller waits too long, no secret is told, a given token is WeChat's,
//! within its life and not the one that was reported, no two calls run at once unless a lease ran out, no generation goes back
//! and every record can be read. At the end the storm is over, and everybody must have a token that works.

use crate::world::{Api, Edge, Fault, Plan, Settings, Sim, first_token, ms, seeds, working_token};
use wxedge::limits;

const DAY: u64 = 86_400_000;

/// What may happen in one script.
struct Weather {
    /// A call fails once in so many times; 0 for never.
    faults: u64,
    /// A refresh vanishes before a poll once in so many times; 0 for never.
    losses: u64,
    /// A swap is lost once in so many times; 0 for never.
    conflicts: u64,
    jumps: bool,
    freezes: bool,
    deaths: bool,
    foreigners: bool,
}

impl Weather {
    fn of(sim: &Sim) -> Self {
        let dice = sim.random();
        let odd = || dice.one_in(3);
        let rate = |rates: &[u64]| *dice.pick(rates);
        Self {
            faults: rate(&[0, 2, 4, 10]),
            losses: rate(&[0, 0, 3, 10]),
            conflicts: rate(&[0, 2, 5]),
            jumps: odd(),
            freezes: odd(),
            deaths: odd(),
            foreigners: odd(),
        }
    }

    fn begin(&self, sim: &Sim) {
        let happens = |sim: &Sim, rate: u64| rate > 0 && sim.random().one_in(rate);
        let (faults, losses, conflicts) = (self.faults, self.losses, self.conflicts);
        sim.plan(move |sim, _| {
            let latency = sim.random().between(1, 4_900);
            let fault = *sim.random().pick(&Fault::ALL);
            if happens(sim, faults) { Plan::fault(latency, fault) } else { Plan::well(latency) }
        });
        let dice = sim.clone();
        sim.lose(move |_, _| happens(&dice, losses));
        let dice = sim.clone();
        sim.contest(move |_| happens(&dice, conflicts));
    }
}

fn end(sim: &Sim) {
    sim.plan(|sim, _| Plan::well(sim.random().between(1, 400)));
    sim.lose(|_, _| false);
    sim.contest(|_| false);
}

fn a_caller(sim: &Sim, edge: &Edge) {
    let known = sim.wechat(|it| it.issued.iter().map(|it| it.token.clone()).collect::<Vec<_>>());
    match sim.random().below(8) {
        0 if !known.is_empty() => drop(edge.ask(Some(sim.random().pick::<String>(&known)))),
        1 => drop(edge.ask(known.last().map(|it| &**it))),
        2 => drop(edge.rotate()),
        3 => drop(edge.get("/app/shop/api/new")),
        4 => drop(edge.stable_token(sim.random().one_in(2))),
        5 => drop(edge.classic_token()),
        _ => drop(edge.get("/app/shop/api")),
    }
}

fn an_incident(sim: &Sim, weather: &Weather, api: Api) {
    let thread = usize::try_from(sim.random().below(3)).unwrap();
    match sim.random().below(6) {
        0 if weather.jumps => {
            let size = *sim.random().pick(&[3, 900, 7_000, 100_000, 7_200_000, 100_000_000]);
            sim.jump(if sim.random().one_in(2) { size } else { -size });
        }
        1 if weather.freezes => sim.freeze(thread, sim.random().between(1, 12_000)),
        2 if weather.deaths => sim.kill_thread(thread),
        3 if weather.foreigners => sim.wechat(|it| it.foreigner(api, sim.now())),
        4 if weather.foreigners => sim.wechat(|it| it.kill(api, sim.now())),
        _ => {}
    }
}

fn play(sim: &Sim, api: Api) {
    let weather = Weather::of(sim);
    let hooks = sim.random().one_in(3);
    let threads = sim.threads(3, &Settings { hooks, ..Settings::new(api) });
    if weather.jumps || weather.freezes {
        sim.allow(6 * ms(limits::PATIENCE));
    }
    if sim.random().one_in(4) {
        threads.iter().for_each(Edge::watch);
    }
    sim.wechat(|it| it.life = *sim.random().pick(&[60, 600, 7_200]));
    weather.begin(sim);
    for _ in 0..25 {
        for _ in 0..sim.random().below(4) {
            a_caller(sim, sim.random().pick(&threads));
        }
        an_incident(sim, &weather, api);
        let most = *sim.random().pick(&[1, 50, 800, 7_000, 70_000, 600_000]);
        sim.run_for(sim.random().below(most));
    }
    sim.settle();
    end(sim);
    sim.wechat(|it| it.life = 7_200);
    // Longer than any pause, any hold and any token's life.
    sim.run_for(DAY + 7_300_000);
    for edge in &threads {
        // If the clock ran backwards, the gateway may have to be told that the token is dead.
        assert!(sim.works(&if weather.jumps { working_token(sim, edge) } else { first_token(sim, edge) }));
    }
}

#[test]
fn after_any_storm_everybody_has_a_classic_token_that_works() {
    seeds(250, |sim| play(&sim, Api::Classic));
}

#[test]
fn after_any_storm_everybody_has_a_stable_token_that_works() {
    seeds(250, |sim| play(&sim, Api::Stable));
}

#[test]
fn a_seed_always_tells_the_same_story() {
    for seed in 0..5 {
        let [one, other] = [Sim::new(seed), Sim::new(seed)];
        [&one, &other].into_iter().for_each(|it| play(it, Api::Stable));
        assert_eq!(one.log(), other.log());
    }
}
